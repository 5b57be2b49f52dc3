//! The page of a report in a browser: it sorts a table, and says nothing on the console.
//!
//! It needs ChromeDriver and Chromium, which are looked for on the path; without them it is skipped, with a note.

use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Ran, program};

/// All of it takes seconds. After this long the driver is killed, whatever it is doing.
const LIMIT: Duration = Duration::from_secs(90);

/// A browser that is driven by the WebDriver protocol, with a profile of its own.
struct Browser {
    driver: Arc<Mutex<Child>>,
    /// Dropped, it calls the watchdog off.
    _watch: Sender<()>,
    port: u16,
    session: String,
    profile: TempDir,
}

impl Browser {
    /// Starts it, if there is one.
    fn start() -> Option<Self> {
        let browser = ["chromium", "chromium-browser", "google-chrome"].into_iter().find_map(on_path)?;
        let mut command = Command::new(on_path("chromedriver")?);
        command.arg("--port=0").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut driver = command.spawn().unwrap();
        let lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let driver = Arc::new(Mutex::new(driver));
        let profile = tempfile::tempdir().unwrap();
        let mut this =
            Self { _watch: kill_after(LIMIT, &driver), driver, port: 0, session: String::new(), profile };
        // Killed, it writes no more.
        let started = lines.map_while(Result::ok).find_map(|line| {
            let (_, port) = line.split_once("started successfully on port ")?;
            port.trim_end_matches('.').parse().ok()
        });
        this.port = started.unwrap_or_else(|| panic!("chromedriver did not start within {LIMIT:?}"));

        let arguments = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            &this.profile_argument(),
        ];
        let session = this.call(
            "POST",
            "/session",
            &json!({"capabilities": {"alwaysMatch": {
                "goog:chromeOptions": {"args": arguments, "binary": browser},
                "goog:loggingPrefs": {"browser": "ALL"},
                "timeouts": {"pageLoad": 30_000, "script": 30_000},
            }}}),
        );
        this.session = format!("/session/{}", session["sessionId"].as_str().unwrap());
        Some(this)
    }

    /// What this browser, and no other process, has in its command line.
    fn profile_argument(&self) -> String {
        format!("--user-data-dir={}", self.profile.path().display())
    }

    #[track_caller]
    fn call(&self, method: &str, path: &str, body: &Value) -> Value {
        let answer = self.try_call(method, path, body);
        let mut answer = answer.unwrap_or_else(|error| {
            panic!("chromedriver did not answer {method} {path}, within {LIMIT:?} of its start: {error}")
        });
        assert!(answer["value"].get("error").is_none(), "{path}: {answer}");
        answer["value"].take()
    }

    fn try_call(&self, method: &str, path: &str, body: &Value) -> io::Result<Value> {
        let body = if method == "POST" { body.to_string() } else { String::new() };
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(LIMIT))?;
        let length = body.len();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: {length}\r\n\r\n{body}"
        )?;
        // The driver keeps the connection open: the answer is as long as it says.
        let mut answer = BufReader::new(stream);
        let mut length = 0;
        loop {
            let mut line = String::new();
            answer.read_line(&mut line)?;
            match line.trim_end().to_ascii_lowercase().split_once(':') {
                Some(("content-length", number)) => length = number.trim().parse().unwrap(),
                None if line.trim_end().is_empty() => break,
                _ => {}
            }
        }
        let mut body = vec![0; length];
        answer.read_exact(&mut body)?;
        Ok(serde_json::from_slice(&body)?)
    }

    fn open(&self, url: &str) {
        self.call("POST", &format!("{}/url", self.session), &json!({"url": url}));
    }

    /// What `script` returns.
    fn run(&self, script: &str) -> Value {
        self.call("POST", &format!("{}/execute/sync", self.session), &json!({"script": script, "args": []}))
    }

    fn console(&self) -> Value {
        self.call("POST", &format!("{}/se/log", self.session), &json!({"type": "browser"}))
    }
}

impl Drop for Browser {
    /// Nothing of it is left running, whatever went wrong.
    fn drop(&mut self) {
        if !self.session.is_empty() {
            let _ = self.try_call("DELETE", &self.session, &Value::Null);
        }
        let mut driver = self.driver.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = driver.kill();
        let _ = driver.wait();
        kill_all_with(&self.profile_argument());
    }
}

/// Kills `driver` after `limit`, unless what this returns is dropped before.
fn kill_after(limit: Duration, driver: &Arc<Mutex<Child>>) -> Sender<()> {
    let (watch, called_off) = mpsc::channel();
    let driver = Arc::clone(driver);
    thread::spawn(move || {
        if called_off.recv_timeout(limit) == Err(RecvTimeoutError::Timeout) {
            let _ = driver.lock().unwrap_or_else(PoisonError::into_inner).kill();
        }
    });
    watch
}

/// Kills the processes with `argument` in their command line: a browser whose driver was killed. Where there is no
/// `/proc`, it notices by itself that its driver is gone; its children notice that it is.
fn kill_all_with(argument: &str) {
    for process in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let arguments = fs::read(process.path().join("cmdline")).unwrap_or_default();
        if arguments.split(|byte| *byte == 0).any(|other| other == argument.as_bytes()) {
            let _ = Command::new("kill").arg("-KILL").arg(process.file_name()).status();
        }
    }
}

fn on_path(name: &str) -> Option<String> {
    let paths = std::env::var_os("PATH")?;
    let mut found = std::env::split_paths(&paths).map(|path| path.join(name)).filter(|path| path.is_file());
    found.next()?.into_os_string().into_string().ok()
}

/// A page about clients whose order by name is not that by requests, one with a hostile name.
fn page(directory: &std::path::Path) -> String {
    let mut rows =
        String::from("date,clientName,requests,status200,status300,status400,status429,status500\n");
    for day in 1..=14 {
        for (name, requests) in
            [("Bot", 700), ("Agent Desktop", 30), ("</script><img src=x onerror=boom()>", 200)]
        {
            let requests = requests + day;
            writeln_row(&mut rows, day, name, requests);
        }
    }
    let (saved, page) = (directory.join("rows.csv"), directory.join("report.html"));
    fs::write(&saved, rows).unwrap();
    let arguments = [
        "report",
        saved.to_str().unwrap(),
        "--allowance",
        "9000",
        "--compare",
        "--format",
        "html",
        "--output",
    ];
    Ran::of(program(&arguments).arg(&page)).well();
    format!("file://{}", page.display())
}

fn writeln_row(rows: &mut String, day: u32, name: &str, requests: u32) {
    use std::fmt::Write as _;

    writeln!(rows, "2026-10-{day:02},{name},{requests},{},0,4,2,0", requests - 4).unwrap();
}

const NAMES: &str =
    "return [...document.querySelector('table.sortable').tBodies[0].rows].map(row => row.cells[0].dataset.v)";

#[test]
#[expect(clippy::print_stderr, reason = "a note that something was not tested")]
fn the_page_sorts_and_the_console_is_quiet() {
    let Some(browser) = Browser::start() else {
        eprintln!("skipped: there is no chromedriver with a chromium on this machine");
        return;
    };
    let directory = tempfile::tempdir().unwrap();
    browser.open(&page(directory.path()));
    let hostile = "</script><img src=x onerror=boom()>";
    assert_eq!(browser.run(NAMES), json!(["Bot", hostile, "Agent Desktop"]));
    let sort = |column: usize| {
        browser.run(&format!("document.querySelectorAll('table.sortable th button')[{column}].click()"));
        browser.run(NAMES)
    };
    assert_eq!(sort(0), json!([hostile, "Agent Desktop", "Bot"]));
    assert_eq!(sort(0), json!(["Bot", "Agent Desktop", hostile]));
    assert_eq!(sort(1), json!(["Bot", hostile, "Agent Desktop"]));
    assert_eq!(sort(1), json!(["Agent Desktop", hostile, "Bot"]));
    let sorted =
        "return [...document.querySelectorAll('th[aria-sort=ascending]')].map(head => head.textContent)";
    assert_eq!(browser.run(sorted), json!(["Requests"]));

    // What is pointed at is told, and the name in it is a text.
    let told = browser.run(
        "document.querySelector('.hit').dispatchEvent(new PointerEvent('pointerenter'));\n\
         const tip = document.getElementById('tip'); return [tip.hidden, tip.textContent.split('\\n')[0]]",
    );
    assert_eq!(told, json!([false, "Thu 2026-10-08"]));
    let theme =
        "document.querySelector('button.theme').click(); return document.documentElement.dataset.theme";
    let (first, second) = (browser.run(theme), browser.run(theme));
    assert!(first != second && [&first, &second].contains(&&json!("dark")), "{first} {second}");

    let loaded = "return [document.images.length, performance.getEntriesByType('resource').length]";
    assert_eq!(browser.run(loaded), json!([0, 0]));
    let narrow = "return document.documentElement.scrollWidth <= document.documentElement.clientWidth";
    assert_eq!(browser.run(narrow), json!(true));
    assert_eq!(browser.console(), json!([]));
}
