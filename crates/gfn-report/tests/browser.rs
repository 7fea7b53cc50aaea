//! The page in a browser: Chromium, without a window. Skipped where there is none; `scripts/install-optional` installs it.

use std::path::Path;
use std::process::Command;

use super::made::RunFixture;

/// What Chromium may be called.
const NAMES: [&str; 4] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
];

/// Chromium's name; where it is absent says so, and fails if this is continuous integration.
pub(crate) fn chromium() -> Option<&'static str> {
    let answers = |name: &&&str| {
        Command::new(name)
            .arg("--version")
            .output()
            .is_ok_and(|output| output.status.success())
    };
    let found = NAMES.iter().find(answers);
    if found.is_none() {
        assert!(
            std::env::var_os("CI").is_none(),
            "no Chromium; scripts/install-optional installs it"
        );
        // Past the test's captured output: nobody reads what a passing test prints.
        std::io::Write::write_all(
            &mut gfn_text::stderr(),
            b"skipped: no Chromium; scripts/install-optional installs it\n",
        )
        .expect("standard error");
    }
    found.copied()
}

/// Opens a page and returns what it is in the end, and what was said on its console.
pub(crate) fn open(chromium: &str, folder: &Path, arguments: &[&str]) -> (String, String) {
    let output = Command::new(chromium)
        .args([
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--hide-scrollbars",
            "--enable-logging=stderr",
        ])
        .args([
            "--no-first-run",
            "--disable-extensions",
            "--disable-background-networking",
            "--disable-dev-shm-usage",
        ])
        .args(["--virtual-time-budget=2000", "--timeout=60000", "--dump-dom"])
        .arg(format!("--user-data-dir={}", folder.join("profile").display()))
        .args(arguments)
        .arg(format!("file://{}", folder.join("page.html").display()))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    let console = said
        .lines()
        .filter(|line| line.contains("CONSOLE"))
        .collect::<Vec<_>>()
        .join("\n");
    (String::from_utf8_lossy(&output.stdout).into_owned(), console)
}

#[test]
fn the_page_opens_without_a_word_on_the_console_and_is_drawn() {
    let Some(chromium) = chromium() else { return };
    let made = RunFixture::new();
    (0..3).for_each(|seed| made.grid(&format!("seed-{seed}"), seed));
    made.molecules("mol");
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("page.html"),
        made.page(&["seed-0", "seed-1", "seed-2", "mol"]),
    )
    .unwrap();
    let picture = folder.path().join("page.png");
    let screenshot = format!("--screenshot={}", picture.display());
    let (document, console) = open(chromium, folder.path(), &[&screenshot, "--window-size=1280,2000"]);
    assert_eq!(console, "");
    assert!(document.contains("Learned and target distribution"));
    assert!(
        std::fs::metadata(&picture).unwrap().len() > 50_000,
        "an empty page is smaller"
    );
}

#[test]
fn the_page_of_a_sweep_opens_without_a_word_on_the_console() {
    let Some(chromium) = chromium() else { return };
    let made = RunFixture::new();
    super::sweep::make(&made, "s", 12);
    let sweep = gfn_runs::Sweep::read(&made.path("s")).unwrap();
    let page = gfn_report::page_of_sweep(&sweep, &sweep.best_runs(), &super::made::known());
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("page.html"), page).unwrap();
    let (document, console) = open(chromium, folder.path(), &[]);
    assert_eq!(console, "");
    assert!(document.contains("Parallel coordinates"));
}

/// What a reader does, written into the page's title for the test to see. The page's own policy has to go for this.
const READER: &str = r##"<script>
const table = document.querySelector("table.sortable");
const column = (index) => [...table.tBodies[0].rows].map((row) => row.cells[index].textContent).join("|");
const heads = [...table.tHead.rows[0].cells];
const head = heads.findIndex((head) => head.textContent === "object");
const told = [];
heads[head].querySelector("button").click();
told.push(column(head));
heads[head].querySelector("button").click();
told.push(heads[head].getAttribute("aria-sort") + ":" + column(head));
const drawn = heads.findIndex((head) => head.textContent === "reward");
heads[drawn].querySelector("button").click();
told.push(column(drawn));
const read = (svg) => {
  const frame = svg.getBoundingClientRect();
  const at = { clientX: frame.left + frame.width / 2, clientY: frame.top + frame.height / 2, bubbles: true };
  svg.dispatchEvent(new PointerEvent("pointermove", at));
  const text = document.querySelector(".readout")?.innerText.replaceAll("\n", " ");
  svg.dispatchEvent(new PointerEvent("pointerleave"));
  return text + (document.querySelector(".readout, .pointer, .cell-mark") ? " and stays" : "");
};
told.push(read(document.querySelector("#learning svg.plot")));
told.push(read(document.querySelector("#target .maps svg.plot")));
document.title = told.join(" / ");
</script></body>"##;

#[test]
fn tables_are_sorted_and_pictures_are_read_off() {
    let Some(chromium) = chromium() else { return };
    let made = RunFixture::new();
    made.grid("a", 0);
    let folder = tempfile::tempdir().unwrap();
    let page = made
        .page(&["a"])
        .replace("http-equiv", "data-off")
        .replace("</body>", READER);
    std::fs::write(folder.path().join("page.html"), page).unwrap();
    let (document, console) = open(chromium, folder.path(), &[]);
    assert_eq!(console, "");
    let title = document
        .split("<title>")
        .nth(1)
        .and_then(|rest| rest.split("</title>").next())
        .unwrap();
    let told: Vec<&str> = title.split(" / ").collect();
    assert_eq!(told[0], "0 0|0 1|0 2|1 0|1 1|1 2|2 0|2 1|2 2");
    assert_eq!(told[1], "descending:2 2|2 1|2 0|1 2|1 1|1 0|0 2|0 1|0 0");
    assert_eq!(told[2], "1|1|1|1|1|0.5|0.5|0.5|0.5");
    assert!(
        told[3].starts_with("updates") && told[3].contains("loss") && !told[3].contains("stays"),
        "{title}"
    );
    assert!(
        told[4].starts_with("x₁, x₂") && told[4].contains("1, 1") && told[4].contains("0.1111"),
        "{title}"
    );
}
