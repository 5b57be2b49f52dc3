//! The HTML report in a browser: a second script on the page acts as the reader does, and returns what is shown.
//!
//! It needs Chromium on the path; without it, the tests are skipped with a note.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::organizations::Several;
use crate::support::{Ran, program};

/// The time after which the browser ends itself, in milliseconds.
const LIMIT: u32 = 60_000;

const HOSTILE: &str = "</script><img src=x onerror=boom()>";

fn chromium() -> Option<PathBuf> {
    let paths = std::env::var_os("PATH")?;
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let found = std::env::split_paths(&paths)
        .flat_map(|path| names.map(|name| path.join(name)))
        .find(|path| path.is_file());
    if found.is_none() {
        note("skipped: there is no chromium on this machine");
    }
    found
}

#[expect(clippy::print_stderr, reason = "a note that something was not tested")]
fn note(text: &str) {
    eprintln!("{text}");
}

/// Runs the browser headless, with a profile of its own.
fn run(browser: &Path, arguments: &[&str], page: &str) -> (String, String) {
    let profile = tempfile::tempdir().unwrap();
    let output = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        .args(["--enable-logging=stderr", "--hide-scrollbars"])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(format!("--timeout={LIMIT}"))
        .args(arguments)
        .arg(page)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    (String::from_utf8_lossy(&output.stdout).into(), String::from_utf8_lossy(&output.stderr).into())
}

/// Writes a report of 14 days with three large clients, one of them with a hostile name, and eleven small ones, the
/// smallest of which is rate limited most. Returns the page.
fn page(directory: &Path, more: &[&str]) -> PathBuf {
    let mut rows = String::from(
        "date,clientId,clientName,templateUri,httpMethod,requests,status200,status300,status400,status429,status500\n",
    );
    let mut clients =
        vec![("Bot".to_owned(), 700, 2), ("Agent Desktop".into(), 80, 2), (HOSTILE.into(), 200, 2)];
    clients.extend((10..19).map(|number| (format!("Client {number}"), 40, 0)));
    clients.push(("x".repeat(200), 40, 0));
    clients.push(("Wallboard".into(), 30, 10));
    for day in 1..=14 {
        for (name, requests, limited) in &clients {
            for (uri, method) in
                [("api/v2/users", "GET"), ("api/v2/externalcontacts/reversewhitepageslookup", "POST")]
            {
                let requests = requests / 2 + day + if method == "GET" { 3 } else { 0 };
                let (ok, id) = (requests - limited, format!("id of {name}"));
                writeln!(
                    rows,
                    "2026-10-{day:02},{id},{name},{uri},{method},{requests},{ok},0,{limited},{limited},0"
                )
                .unwrap();
            }
        }
    }
    let (saved, page) = (directory.join("rows.csv"), directory.join("report.html"));
    fs::write(&saved, rows).unwrap();
    let arguments =
        ["report", saved.to_str().unwrap(), "--allowance", "90000", "--format", "html", "--output"];
    Ran::of(program(&arguments).arg(&page).args(more)).well();
    page
}

/// Returns what `script`, the body of a function, returns in the page, and asserts that the console stays empty. `at`
/// is appended to the address. The report for small screens also has a comparison.
fn told(browser: &Path, directory: &Path, at: &str, width: u32, script: &str) -> Value {
    let page = page(directory, &["--compare"][..usize::from(width < 640)]);
    told_by(browser, &page, at, width, script)
}

/// Returns what `script` returns in the page at `page`.
fn told_by(browser: &Path, page: &Path, at: &str, width: u32, script: &str) -> Value {
    let html = fs::read_to_string(page).unwrap();
    let script = format!(
        "const told = JSON.stringify((() => {{ {script} }})());\n\
         document.body.append(element('pre', {{ id: 'told' }}, `told:${{encodeURIComponent(told)}}:end`));"
    );
    let allowed = format!("script-src 'sha256-{}' ", BASE64_STANDARD.encode(Sha256::digest(&script)));
    let html = html
        .replace("script-src ", &allowed)
        .replace("</body>", &format!("<script>{script}</script></body>"));
    let file = page.with_file_name("tested.html");
    fs::write(&file, html).unwrap();
    let (dom, errors) = run(
        browser,
        &["--dump-dom", &format!("--window-size={width},900")],
        &format!("file://{}{at}", file.display()),
    );
    assert!(!errors.contains("CONSOLE"), "{errors}");
    let told = dom.rsplit_once("told:").and_then(|(_, rest)| rest.split_once(":end"));
    let told = told.unwrap_or_else(|| panic!("the script did not end: {errors}")).0;
    serde_json::from_str(&percent_decode_str(told).decode_utf8().unwrap()).unwrap()
}

const NAMES: &str = "const names = () => [...document.querySelector('#client tbody').rows].map((row) => row.cells[0].textContent);
    const click = (selector) => document.querySelector(selector).click();";

#[test]
fn tables_are_sorted_and_searched_with_all_their_rows() {
    let Some(browser) = chromium() else { return };
    let directory = tempfile::tempdir().unwrap();
    let script = format!(
        "{NAMES}
        const first = names();
        click('#client th[data-sort=limited] button');
        const limited = names()[0];
        click('#client th[data-sort=name] button');
        const byName = names()[0];
        click('#client th[data-sort=name] button');
        const backwards = names()[0];
        const sorted = document.querySelector('#client th[aria-sort]');
        click('#client .more');
        const all = names().length;
        const wide = document.documentElement.scrollWidth > innerWidth;
        const field = document.querySelector('#client input');
        field.value = 'WALL';
        field.dispatchEvent(new Event('input'));
        return {{ first: first.slice(0, 3), shown: first.length, limited, byName, backwards,
            sort: [sorted.textContent, sorted.getAttribute('aria-sort')], all, wide, found: names(),
            status: document.querySelector('#client .status').textContent, images: document.images.length,
            loaded: performance.getEntriesByType('resource').length }};"
    );
    let told = told(&browser, directory.path(), "", 1280, &script);
    let wanted = json!({
        "first": ["Bot", HOSTILE, "Agent Desktop"], "shown": 10, "limited": "Wallboard", "byName": HOSTILE,
        "backwards": "x".repeat(200), "sort": ["Client", "descending"], "all": 14, "wide": false, "found": ["Wallboard"],
        "status": "1 of 14 found", "images": 0, "loaded": 0,
    });
    assert_eq!(told, wanted);
}

#[test]
fn a_client_opens_into_its_uris_and_a_uri_into_its_clients() {
    let Some(browser) = chromium() else { return };
    let directory = tempfile::tempdir().unwrap();
    let script = format!(
        "{NAMES}
        const button = [...document.querySelectorAll('#client button.open')][1];
        button.click();
        const panel = document.querySelector('#client .panel');
        const cells = (table) => [...table.tBodies[0].rows].map((row) => [row.cells[0].textContent, row.cells[1].textContent]);
        const tables = [...panel.querySelectorAll('table')].map(cells);
        const id = panel.querySelector('code').textContent;
        const expanded = button.getAttribute('aria-expanded');
        button.click();
        const closed = document.querySelector('#client .panel') === null;
        click('#uri button.open');
        const clients = cells(document.querySelector('#uri .panel table')).length;
        return {{ tables, id, expanded, closed, clients }};"
    );
    let told = told(&browser, directory.path(), "", 1280, &script);
    let wanted = json!({
        "tables": [
            [["api/v2/users", "1,547"], ["api/v2/externalcontacts/reversewhitepageslookup", "1,505"]],
            [["GET", "1,547"], ["POST", "1,505"]],
        ],
        "id": format!("id of {HOSTILE}"), "expanded": "true", "closed": true, "clients": 10,
    });
    assert_eq!(told, wanted);
}

#[test]
fn the_address_opens_a_row_and_nothing_is_wider_than_a_small_screen() {
    let Some(browser) = chromium() else { return };
    let directory = tempfile::tempdir().unwrap();
    let script = "
        const frame = document.documentElement;
        const focus = document.activeElement;
        frame.style.width = '390px';
        return { open: focus.textContent, expanded: focus.getAttribute('aria-expanded'), wide: [...document.querySelectorAll('main *')].some((part) => part.getBoundingClientRect().right > 390.5),
            findings: [...document.querySelectorAll('.findings a')].map((link) => link.textContent).includes('Wallboard') };";
    let told = told(&browser, directory.path(), "#client-13", 500, script);
    assert_eq!(told, json!({"open": "Wallboard", "expanded": "true", "wide": false, "findings": true}));
}

#[test]
fn a_click_switches_the_chart_to_one_class_and_arrow_keys_read_it() {
    let Some(browser) = chromium() else { return };
    let directory = tempfile::tempdir().unwrap();
    let script = format!(
        "{NAMES}
        const bars = () => [...new Set([...document.querySelectorAll('.hit rect:not(.over)')].map((rect) => rect.getAttribute('class')))].sort();
        const scale = () => document.querySelector('.scale text:last-child').textContent;
        const before = [bars(), scale()];
        const markup = document.querySelector('.bars').innerHTML;
        click('.class[data-class=c429]');
        const alone = [bars(), scale(), document.querySelector('.compared').classList.contains('off')];
        const high = Math.max(...[...document.querySelectorAll('.hit rect.c429')].map((rect) => Number(rect.getAttribute('height'))));
        click('.class[data-class=c429]');
        const again = [bars(), scale()];
        const isSame = markup.replaceAll(/[0-9.]+/g, '').length === document.querySelector('.bars').innerHTML.replaceAll(/[0-9.]+/g, '').length;
        const key = (name) => document.querySelector('.bars').dispatchEvent(new KeyboardEvent('keydown', {{ key: name }}));
        key('ArrowRight');
        key('ArrowRight');
        const tip = document.getElementById('tip').textContent.split('\\n')[0];
        click('button.theme');
        return {{ before, alone, isHigh: high > 100, again, isSame, tip, theme: document.documentElement.dataset.theme }};"
    );
    let told = told(&browser, directory.path(), "", 1280, &script);
    let whole = json!([["c2", "c429"], told["before"][1]]);
    assert_eq!((&told["before"], &told["again"], &told["isSame"]), (&whole, &whole, &json!(true)), "{told}");
    assert_eq!(
        (&told["alone"][0], &told["alone"][2], &told["isHigh"]),
        (&json!(["c429"]), &json!(true), &json!(true))
    );
    assert_ne!(told["alone"][1], told["before"][1]);
    assert_eq!((&told["tip"], &told["theme"]), (&json!("Fri 2026-10-02"), &json!("dark")));
}

#[test]
fn bars_are_stacked_by_the_largest_clients_and_all_others() {
    let Some(browser) = chromium() else { return };
    let directory = tempfile::tempdir().unwrap();
    let script = format!(
        "{NAMES}
        const heights = () => [...document.querySelectorAll('.hit')].map((bar) =>
            Math.round([...bar.querySelectorAll('rect:not(.over)')].reduce((sum, rect) => sum + Number(rect.getAttribute('height')), 0)));
        const before = heights();
        const select = document.querySelector('#chart select');
        const choices = [...select.options].map((option) => option.value);
        select.value = 'client';
        select.dispatchEvent(new Event('change'));
        const isAsHigh = heights().every((height, index) => Math.abs(height - before[index]) <= 1);
        const legend = [...document.querySelectorAll('.legend .class')].map((button) => button.textContent);
        click('.class[data-class=g1]');
        const alone = new Set([...document.querySelectorAll('.hit rect:not(.over)')].map((rect) => rect.getAttribute('class')));
        document.querySelector('.bars').dispatchEvent(new KeyboardEvent('keydown', {{ key: 'Home' }}));
        return {{ choices, isAsHigh, first: legend.slice(0, 3), last: legend.at(-1), count: legend.length, alone: [...alone],
            tip: document.getElementById('tip').textContent.split('\\n').slice(1) }};"
    );
    let told = told(&browser, directory.path(), "", 1280, &script);
    let wanted = json!({
        "choices": ["answer", "client", "method", "uri"], "isAsHigh": true, "first": ["Bot", HOSTILE, "Agent Desktop"],
        "last": "others", "count": 8, "alone": ["g1"],
        "tip": ["1,480 requests", format!("\u{2068}{HOSTILE}\u{2069}: 205")],
    });
    assert_eq!(told, wanted);
}

#[test]
fn organizations_are_sorted_and_fit_a_small_screen() {
    let Some(browser) = chromium() else { return };
    let directory = tempfile::tempdir().unwrap();
    let page = directory.path().join("report.html");
    let several = Several::new(&[20, 3, 8], &["allowance = 1000", "", "allowance = 200000000"]);
    let arguments =
        ["report", "--all-profiles", "--group-by", "client", "--interval", "2026-10-01/2026-10-15"];
    several.run(&[&arguments[..], &["--output", page.to_str().unwrap()]].concat()).well();
    let script = format!(
        "{NAMES}
        const organizations = () => [...document.querySelector('.organizations tbody').rows].map((row) => row.cells[0].textContent);
        const first = organizations();
        click('.organizations th[data-sort=over] button');
        const over = organizations();
        click('.organizations th[data-sort=name] button');
        const byName = organizations();
        document.documentElement.style.width = '390px';
        const isWide = [...document.querySelectorAll('main *')].some((part) => part.getBoundingClientRect().right > 390.5);
        return {{ first, over, byName, isWide }};"
    );
    let told = told_by(&browser, &page, "", 500, &script);
    let wanted = json!({
        "first": ["emea", "latam", "apac"], "over": ["emea", "latam", "apac"], "byName": ["apac", "emea", "latam"],
        "isWide": false,
    });
    assert_eq!(told, wanted);
}

#[test]
fn rows_are_saved_without_formulas() {
    let Some(browser) = chromium() else { return };
    let directory = tempfile::tempdir().unwrap();
    let script = format!(
        "{NAMES}
        const make = URL.createObjectURL.bind(URL);
        const sizes = [];
        URL.createObjectURL = (blob) => {{ sizes.push(blob.size); return make(blob); }};
        click('#method .save');
        const row = {{ name: '=1+1,\"x\"', id: null, requests: 5, errors: null, limited: 0 }};
        return {{ csv: csvOf('client', [row]), isWhole: sizes[0] === csvOf('method', rowsOfList('method')).length }};"
    );
    let told = told(&browser, directory.path(), "", 1280, &script);
    let csv = "client,id,requests,errors,429\r\n\"'=1+1,\"\"x\"\"\",,5,,0\r\n";
    assert_eq!(told, json!({"csv": csv, "isWhole": true}));
}

#[test]
fn the_page_is_printed_on_two_sheets() {
    let Some(browser) = chromium() else { return };
    let directory = tempfile::tempdir().unwrap();
    let (page, pdf) = (page(directory.path(), &[]), directory.path().join("report.pdf"));
    let print = format!("--print-to-pdf={}", pdf.display());
    let (_, errors) =
        run(&browser, &[&print, "--no-pdf-header-footer"], &format!("file://{}", page.display()));
    let pdf = fs::read(&pdf).unwrap_or_else(|error| panic!("{error}: {errors}"));
    let pages = String::from_utf8_lossy(&pdf).matches("/Type /Page\n").count();
    assert!((1..=2).contains(&pages), "{pages} pages");
}
