/// The outcome of one check.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// What has to change before the check passes, one line each; a line may be continued by indented ones.
    pub(crate) problems: Vec<String>,
    /// What is worth knowing and fails nothing.
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
