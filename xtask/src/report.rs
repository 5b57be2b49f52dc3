//! The outcome of a check.

/// The outcome of one check.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// The problems to be solved before the check passes, one line each; indented lines continue a problem.
    pub(crate) problems: Vec<String>,
    /// Notes, which do not fail the check.
    pub(crate) notes: Vec<String>,
}

impl Report {
    pub(crate) fn problem(&mut self, text: impl Into<String>) {
        self.problems.push(text.into());
    }

    pub(crate) fn note(&mut self, text: impl Into<String>) {
        self.notes.push(text.into());
    }

    pub(crate) fn print(&self, name: &str) {
        let verdict = if self.problems.is_empty() { "ok    " } else { "FAILED" };
        println!("{verdict} {name}");
        for problem in &self.problems {
            println!("       {}", problem.replace('\n', "\n       "));
        }
        for note in &self.notes {
            println!("       note: {}", note.replace('\n', "\n       "));
        }
    }
}
