// A namespace of the mock for one test, in Vitest, Playwright or any other runner. It needs nothing but `fetch`.

export type Operation =
  | "createConversation"
  | "listConversations"
  | "getConversation"
  | "listMessages"
  | "createMessage"
  | "resolveConversation";

/** What a request should be; what is not named is not looked at. */
export interface Match {
  operation?: Operation;
  method?: string;
  path?: string;
  status?: number;
  key?: string;
  tier?: "server" | "client";
  query?: Record<string, string>;
  headers?: Record<string, string>;
  body?: unknown;
}

/** What happens instead of the response, or to it; delays and drips are in seconds. */
export interface Effect {
  status?: number;
  retry_after?: number;
  body?: unknown;
  delay?: number;
  timeout?: true;
  drop?: "before" | "after";
  truncate?: number;
}

export interface Keys {
  server: string;
  client: string;
  revoked: string;
}

export interface Settings {
  scenario?: string;
  seed?: number | string;
  choices?: Record<string, string>;
}

interface Verified {
  ok: boolean;
  count: number;
  near_misses?: { request: string; differs: string[] }[];
}

async function call<T>(url: string, method: string, value?: unknown): Promise<T> {
  const body = value === undefined ? undefined : JSON.stringify(value);
  const response = await fetch(url, { method, body, headers: { "Content-Type": "application/json" } });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${url} -> ${response.status} ${text}`);
  return (text ? JSON.parse(text) : undefined) as T;
}

export class MockNamespace {
  /** `url` is the base URL for the code under test; `headers` lead there from the mock's own URL instead. */
  private constructor(
    private readonly server: string,
    readonly name: string,
    readonly keys: Keys,
  ) {}

  /** Make one. `worker` is VITEST_POOL_ID, Playwright's `testInfo.workerIndex`, or any other word. */
  static async make(server: string, worker: string | number, settings: Settings = { scenario: "empty" }): Promise<MockNamespace> {
    const name = `worker-${worker}.${crypto.randomUUID()}`;
    const made = await call<{ keys: Keys }>(`${server}/__accord__/namespaces/${name}`, "PUT", settings);
    return new MockNamespace(server, name, made.keys);
  }

  get url(): string {
    return `${this.server}/__accord__/in/${this.name}`;
  }

  get headers(): Record<string, string> {
    return { "X-Accord-Namespace": this.name };
  }

  /** Call any part of the control API: `steer("GET", "/coverage")`. */
  steer<T>(method: string, path: string, value?: unknown): Promise<T> {
    return call<T>(`${this.url}/__accord__${path}`, method, value);
  }

  /** Let the next requests for the operation fail. */
  async failNext(operation: Operation | "*", then: Effect, times = 1): Promise<void> {
    await this.steer("POST", "/faults", { match: { operation }, when: { next: times }, then });
  }

  /** Let no time pass, from then on or from now on. */
  async freeze(at?: Date): Promise<void> {
    await this.steer("PUT", "/clock", { frozen: true, ...(at && { now: at.toISOString() }) });
  }

  async advance(seconds: number): Promise<void> {
    await this.steer("POST", "/clock/advance", { seconds });
  }

  /** Throw, with the nearest requests, unless so many match, by default at least one. */
  async expectSent(match: Match, count?: number): Promise<void> {
    const found = await this.steer<Verified>("POST", "/requests/verify", { match, count: count ?? { at_least: 1 } });
    if (found.ok) return;
    const near = (found.near_misses ?? []).map((one) => `\n  ${one.request}: ${one.differs.join("; ")}`);
    throw new Error(`Expected ${count ?? "at least 1"} request like ${JSON.stringify(match)}; the mock got ${found.count}.${near.join("")}`);
  }

  async drop(): Promise<void> {
    await call(`${this.server}/__accord__/namespaces/${this.name}`, "DELETE");
  }
}
