//! The words behind a command: options with values, and the rest.

/// What has not been asked for yet.
pub(crate) struct Arguments(Vec<String>);

impl Arguments {
    /// All of them.
    pub(crate) fn new(words: Vec<String>) -> Self {
        Arguments(words)
    }

    /// The value of an option, written `--name value` or `--name=value`; nothing if it is not there.
    pub(crate) fn option(&mut self, name: &str) -> Result<Option<String>, String> {
        let joined = format!("{name}=");
        let Some(at) = self.0.iter().position(|word| word == name || word.starts_with(&joined)) else {
            return Ok(None);
        };
        let word = self.0.remove(at);
        if let Some(value) = word.strip_prefix(&joined) {
            return Ok(Some(value.to_owned()));
        }
        match self.0.get(at) {
            Some(value) if !value.starts_with("--") => Ok(Some(self.0.remove(at))),
            _ => Err(format!("{name} needs a value behind it")),
        }
    }

    /// The value of an option that must be there.
    pub(crate) fn required(&mut self, name: &str) -> Result<String, String> {
        self.option(name)?.ok_or_else(|| format!("{name} is missing"))
    }

    /// The first word that is left.
    pub(crate) fn word(&mut self) -> Option<String> {
        let at = self.0.iter().position(|word| !word.starts_with("--"))?;
        Some(self.0.remove(at))
    }

    /// Makes sure that nothing is left that nobody asked for.
    pub(crate) fn finish(self) -> Result<(), String> {
        match self.0.first() {
            Some(word) => Err(format!("{word:?} is not understood here")),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(line: &str) -> Arguments {
        Arguments::new(line.split(' ').map(str::to_owned).collect())
    }

    #[test]
    fn options_come_in_any_order_and_both_spellings() {
        let mut given = arguments("--dir=a=b word --name alice");
        assert_eq!(given.required("--name"), Ok("alice".to_owned()));
        assert_eq!(given.required("--dir"), Ok("a=b".to_owned()));
        assert_eq!(given.option("--storage-key"), Ok(None));
        assert_eq!(given.word(), Some("word".to_owned()));
        assert_eq!(given.finish(), Ok(()));
    }

    #[test]
    fn what_is_missing_or_too_much_is_named() {
        assert_eq!(arguments("--name --dir x").option("--name"), Err("--name needs a value behind it".to_owned()));
        assert_eq!(arguments("--nam x").required("--name"), Err("--name is missing".to_owned()));
        assert_eq!(arguments("--nam x").finish(), Err("\"--nam\" is not understood here".to_owned()));
    }
}
