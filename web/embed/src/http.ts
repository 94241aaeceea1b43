/** A response of the service. `body` is an empty object if the response was too long. */
export interface Answer {
  status: number;
  body: Record<string, unknown>;
  /**
   * The service's clock, from the `Date` header, in milliseconds since 1970; NaN if the browser can't read the header.
   */
  at: number;
}

/** The service never sends more characters than this. A longer body is ignored. */
const MAX_LENGTH = 300_000;

/**
 * Sends a request to the service: a `POST` if there is a body, else a `GET`. Returns undefined if no JSON response
 * arrives in time.
 */
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
    // A response that is not JSON doesn't come from the service but from a proxy, or from a network that asks for a
    // login.
    return { status: response.status, body: Object(text.length < MAX_LENGTH && JSON.parse(text)), at: Date.parse(response.headers.get("date")!) };
  } catch {
    return undefined;
  }
}
