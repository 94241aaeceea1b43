/** An answer of the service; `body` has nothing in it where it was too long. */
export interface Answer {
  status: number;
  body: Record<string, unknown>;
  /** The service's clock, in milliseconds since 1970; NaN where the browser isn't told. */
  at: number;
}

/** No answer of the service is longer; what is, isn't read. */
const MAX_LENGTH = 300_000;

/** Asks the service, by `POST` where there is a body; nothing comes back when it cannot be reached in time. */
export async function call(url: string, timeoutMs: number, body?: unknown, headers?: Record<string, string>): Promise<Answer | undefined> {
  try {
    const response = await fetch(url, {
      method: body ? "POST" : "GET",
      headers,
      body: JSON.stringify(body),
      signal: AbortSignal.timeout?.(timeoutMs),
      credentials: "omit",
    });
    const text = await response.text();
    // What is no JSON is no answer of the service's: that of a proxy, or of a network that wants a login.
    return { status: response.status, body: Object(text.length < MAX_LENGTH && JSON.parse(text)), at: Date.parse(response.headers.get("date")!) };
  } catch {
    return undefined;
  }
}
