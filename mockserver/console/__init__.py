"""The console: a page over the control API, and the ways that lead a browser to it.

| file | has |
|---|---|
| page.py | the page, its files, and the catalogue that it shows sentences from |
| front_door.py | `/`, `/docs` and `/openapi.json` |

`static/` has the page itself: ES modules and CSS as browsers take them, without a build step, and the one library that they use in
`static/vendor/`. The page knows the control API (`control/openapi.yaml`) and the contract, and nothing else.
"""
