/* Questions to this server. */
(function () {
  "use strict";
  const CG = window.CommonGround;

  /** Fetch JSON of this server; an error carries the server's own sentence. */
  CG.fetchJson = async function (url, options = {}) {
    const response = await fetch(url, { credentials: "same-origin", ...options });
    const document_ = await response.json().catch(() => ({ error: `HTTP ${response.status}` }));
    if (!response.ok) throw new Error(document_.error || `HTTP ${response.status}`);
    return document_;
  };
})();
