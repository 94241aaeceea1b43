/** The custom element's name. */
export const TAG = "keepopen-appeal";
/** The name under which the service adds the session to the address that the reader comes back to. */
export const SESSION_PARAMETER = "keepopen_session";
/** The name under which a browser that keeps nothing finds the attempt again, in the fragment, which no server is sent. */
export const ATTEMPT_PARAMETER = "keepopen_attempt";
/** The name under which a preview's note stands in the page's address. */
export const PREVIEW_PARAMETER = "keepopen_preview";
