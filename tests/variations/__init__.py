"""Servers that keep the contract, each in another way than the mock does by itself: the proof that the suite accuses nobody.

`registry` has the decorator and the list; the other modules hold the variations, one theme each. All variations, any seeds:

    python -m tests.variations --seeds 20
"""
