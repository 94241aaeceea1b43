/** The custom element's name. */
export const TAG = "keepopen-appeal";
/** The query parameter that the service adds to the return URL. Its value is the id of the checkout session. */
export const SESSION_PARAMETER = "keepopen_session";
/**
 * The parameter with the attempt's id, for a browser that can't store the id. It is in the fragment, which browsers
 * send to no server.
 */
export const ATTEMPT_PARAMETER = "keepopen_attempt";
/** The query parameter with the signed token of a preview. */
export const PREVIEW_PARAMETER = "keepopen_preview";
