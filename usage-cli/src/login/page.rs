//! The pages shown in the browser. They contain nothing from the request and load nothing.

/// A page with its status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Page {
    status: &'static str,
    title: &'static str,
    text: &'static str,
    script: &'static str,
}

impl Page {
    pub(crate) fn logged_in() -> Self {
        Self::new("200 OK", "You are logged in", "You can close this window and go back to the terminal.")
    }

    pub(crate) fn refused() -> Self {
        let text = "The login host said no. The terminal says why; you can close this window.";
        Self::new("403 Forbidden", "You are not logged in", text)
    }

    pub(crate) fn failed() -> Self {
        let text = "The login host gave no token. The terminal says why; you can close this window.";
        Self::new("502 Bad Gateway", "You are not logged in", text)
    }

    /// Returns the page for a request that is not the response to this log-in.
    pub(crate) fn not_this_log_in() -> Self {
        let text = "This is not the answer to the log-in that the terminal waits for. \
                    Open the address that it shows.";
        Self::new("400 Bad Request", "Not this log-in", text)
    }

    /// Returns the page for a request whose `Host` does not name this machine.
    pub(crate) fn another_host() -> Self {
        let text = "genesys-usage answers only at localhost, 127.0.0.1 and [::1].";
        Self::new("400 Bad Request", "Another host", text)
    }

    /// Returns the page for a request that only probes, such as a link preview.
    pub(crate) fn waiting() -> Self {
        Self::new("200 OK", "Waiting", "genesys-usage waits here for a log-in.")
    }

    pub(crate) fn not_found() -> Self {
        Self::new(
            "404 Not Found",
            "Nothing here",
            "genesys-usage waits here for a log-in, at another address.",
        )
    }

    /// Returns the page that sends the fragment, where the implicit grant puts its token, and removes it from the
    /// address bar.
    pub(crate) fn fragment() -> Self {
        let script = "const answer = location.hash.slice(1); history.replaceState(null, '', location.pathname);\
                      fetch(location.pathname, {method: 'POST', body: answer}).then(r => r.text())\
                      .then(page => { document.open(); document.write(page); document.close(); });";
        Self {
            script,
            ..Self::new("200 OK", "One moment", "This page needs JavaScript to hand over the log-in.")
        }
    }

    fn new(status: &'static str, title: &'static str, text: &'static str) -> Self {
        Self { status, title, text, script: "" }
    }

    /// Returns the whole HTTP response. It must not be cached or framed, and sends no referrer to other sites.
    pub(super) fn response(self) -> String {
        let Self { status, title, text, script } = self;
        let script = if script.is_empty() { String::new() } else { format!("<script>{script}</script>") };
        let body = format!(
            "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>\
             <title>{title}</title><style>:root{{color-scheme:light dark}}\
             body{{font:1.1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:20vh auto;padding:0 1rem}}\
             small{{opacity:.6}}</style><h1>{title}</h1><p>{text}</p><small>genesys-usage</small>{script}</html>\n"
        );
        format!(
            "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\n\
             Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\nX-Content-Type-Options: nosniff\r\n\
             Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; \
             connect-src 'self'; frame-ancestors 'none'\r\nConnection: close\r\n\r\n{body}",
            body.len()
        )
    }
}
