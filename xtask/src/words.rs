//! The project's former private words, which the standard terms have replaced.

use std::error::Error;

use crate::report::Report;
use crate::workspace::Workspace;

/// This list.
const LIST: &str = "xtask/src/words.rs";

/// Names that may not come back, in code or in prose: the folder in which a name is searched, the name, and its
/// replacement. A name matches as whole words, with the same case.
const NAMES: &[(&str, &str, &str)] = &[
    ("", "Intake", "ResponseReader"),
    ("", "Driven", "Task"),
    ("", "trait Drive", "Driver"),
    ("", "struct Visiting", "StreamingExecution"),
    ("", "VisitDecoder", "StreamingDecoder"),
    ("", "enum Notice", "Event"),
    ("", "Trouble", "AttemptError"),
    ("", "TokenAnswer", "TokenResponse"),
    ("", "AuthorizeRequest", "AuthorizationRequest"),
    ("", "Grant::Manual", "Grant::StaticToken"),
    ("", "REPEATABLE", "IDEMPOTENT"),
    ("", "unless_cancelled", "run_until_cancelled"),
    ("usage-driver/", "fn before", "timeout"),
    ("usage-driver/", "fn within", "timeout"),
    ("", "Courier", "RequestState"),
    ("usage-core/", "struct Terms", "Limits"),
    ("usage-core/", "enum Verdict", "RetryDecision"),
    ("usage-core/", "struct Rare", "a name that says what it holds"),
    ("usage-core/", "fn dress", "add_default_headers"),
    ("", "stands_at", "current_endpoint"),
    ("usage-core/", "fn room", "path_buf"),
    ("usage-cli/", "mod halt", "failpoint"),
    ("", "way_on", "recovery"),
    ("usage-cli/", "mod words", "value_parsers"),
    ("", "Flaw", "ParseError"),
    ("", "PlaceArgs", "HostArgs"),
    ("", "PaceArgs", "TimingArgs"),
];

/// Phrases that may not come back in comments, documents and help texts, in any case and across lines.
const PHRASES: &[&str] = &[
    "is told",
    "are told",
    "gone on with",
    "goes on with",
    "go on with",
    "come by",
    "came by",
    "looks on",
    "looked on",
    "who vouches",
    "vouches for",
    "the words of",
    "nobody is authorised",
    "what few",
    "in the words",
    "no reason to stop",
];

/// Fails for each former name.
pub(crate) fn check_names(workspace: &Workspace) -> Result<Report, Box<dyn Error>> {
    let mut report = Report::default();
    for (path, text) in texts(workspace)? {
        for (_, name, instead) in NAMES.iter().filter(|(folder, ..)| path.starts_with(folder)) {
            for line in text.lines_with(&text.joined, name) {
                report.problem(format!("{path}:{line}: {name}: write {instead}"));
            }
        }
    }
    Ok(report)
}

/// Fails for each phrase.
pub(crate) fn check_phrases(workspace: &Workspace) -> Result<Report, Box<dyn Error>> {
    let mut report = Report::default();
    for (path, text) in texts(workspace)? {
        for phrase in PHRASES {
            for line in text.lines_with(&text.lowercase, phrase) {
                report.problem(format!("{path}:{line}: \"{phrase}\": write plain English"));
            }
        }
    }
    Ok(report)
}

/// Returns every text file of the repository, except this list and the inputs of the fuzzer.
fn texts(workspace: &Workspace) -> Result<Vec<(String, Text)>, Box<dyn Error>> {
    let paths = workspace.tracked(&[".rs", ".md", ".toml", ".sh", ".txt", ".css", ".js", ".ci/run"])?;
    let read = |path: String| -> Result<_, Box<dyn Error>> {
        let text = Text::new(&workspace.read_file(&path)?);
        Ok((path, text))
    };
    paths.into_iter().filter(|path| path != LIST && !path.starts_with("fuzz/corpus/")).map(read).collect()
}

/// A file as continuous text: line breaks, indentation and comment marks are single spaces.
struct Text {
    joined: String,
    lowercase: String,
    /// The position of each line in `joined`.
    starts: Vec<usize>,
}

impl Text {
    fn new(text: &str) -> Self {
        let (mut joined, mut starts) = (String::new(), Vec::new());
        for line in text.lines() {
            starts.push(joined.len());
            let line = line.trim();
            let content =
                ["///", "//!", "//", "#"].iter().find_map(|mark| line.strip_prefix(mark)).unwrap_or(line);
            joined.push_str(content.trim());
            joined.push(' ');
        }
        // Lowercase letters of ASCII take as many bytes, so positions stay the same.
        Self { lowercase: joined.to_ascii_lowercase(), joined, starts }
    }

    /// Returns the numbers of the lines at which `wanted` begins as whole words.
    fn lines_with(&self, text: &str, wanted: &str) -> Vec<usize> {
        let is_whole = |at: usize| {
            let is_word = |c: char| c.is_alphanumeric() || c == '_';
            let behind = &text[at + wanted.len()..];
            // "told apart" is plain English.
            !text[..at].ends_with(is_word) && !behind.starts_with(is_word) && !behind.starts_with(" apart")
        };
        let places = text.match_indices(wanted).map(|(at, _)| at).filter(|at| is_whole(*at));
        places.map(|at| self.starts.partition_point(|start| *start <= at)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Text;

    #[test]
    fn whole_words_are_found_across_lines() {
        let text = Text::new("/// Who is\n    /// told this.\nlet is_told = Intake::new(); // Intakes\n");
        assert_eq!(text.lines_with(&text.lowercase, "is told"), [1]);
        assert_eq!(text.lines_with(&text.joined, "Intake"), [3]);
        assert!(text.lines_with(&text.joined, "told thi").is_empty());
    }
}
