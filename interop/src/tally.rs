//! What was exercised, by which library and how often: a feature that nobody exercised is a failure.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::actor::Library;

macro_rules! features {
    ($($name:ident: $says:literal,)*) => {
        /// Something that a library does in a script while the others, on other libraries, have to understand it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Feature {
            $(#[doc = $says] $name,)*
        }

        impl Feature {
            /// All of them.
            pub const ALL: &'static [Feature] = &[$(Feature::$name,)*];

            /// In words.
            pub fn says(self) -> &'static str {
                match self {
                    $(Feature::$name => $says,)*
                }
            }
        }
    };
}

features! {
    Suite1: "creates a group with cipher suite 1",
    Suite2: "creates a group with cipher suite 2",
    Suite3: "creates a group with cipher suite 3",
    Suite4: "creates a group with cipher suite 4",
    Suite5: "creates a group with cipher suite 5",
    Suite6: "creates a group with cipher suite 6",
    Suite7: "creates a group with cipher suite 7",
    AddByValue: "adds by value",
    AddByReference: "proposes to add",
    RemoveByValue: "removes by value",
    RemoveByReference: "proposes to remove",
    Leave: "proposes to leave",
    UpdateByReference: "proposes an update",
    SelfUpdate: "commits nothing but fresh keys",
    PskByValue: "mixes a pre-shared key in by value",
    PskByReference: "proposes a pre-shared key",
    ResumptionByValue: "mixes the secret of an earlier epoch in by value",
    ResumptionByReference: "proposes the secret of an earlier epoch",
    ExtensionsByValue: "replaces the extensions by value",
    ExtensionsByReference: "proposes other extensions",
    RequiredCapabilities: "requires capabilities",
    CustomByValue: "commits a custom proposal by value",
    CustomByReference: "proposes a custom proposal",
    CommitReferences: "commits the proposals of others",
    CommitMixed: "commits proposals by reference and by value",
    WithoutPath: "commits without a path",
    JoinWithTree: "joins with the tree in the Welcome",
    JoinBesideTree: "joins with the tree beside the Welcome",
    JoinAgain: "joins again after it had left",
    ExternalJoin: "joins by an external commit, the tree in the GroupInfo",
    ExternalBesideTree: "joins by an external commit, the tree beside the GroupInfo",
    ExternalAgain: "replaces its former self by an external commit",
    ExternalWithPsk: "joins by an external commit with a pre-shared key",
    AskToJoin: "asks from outside to be added",
    ReinitByValue: "closes the group by value",
    ReinitByReference: "proposes to close the group",
    Successor: "makes the group that follows a closed one",
    FollowReinit: "goes along into the group that follows",
    Branch: "branches a group off",
    FollowBranch: "goes along into a branch",
    GroupInfo: "hands out the GroupInfo for an external commit",
    PublicHandshake: "sends a handshake as PublicMessage",
    PrivateHandshake: "sends a handshake as PrivateMessage",
    Grease: "joins with random values in its leaf",
    Race: "gives its own commit up for another's",
    Message: "writes messages that arrive in order",
    Shuffled: "writes messages that arrive out of order",
    Late: "writes messages that arrive in a later epoch",
    LateAfterLeaving: "writes messages that arrive after it has left",
}

impl Feature {
    /// The creation of a group with this cipher suite.
    pub fn suite(number: u16) -> Option<Feature> {
        let at = usize::from(number).checked_sub(1)?;
        Feature::ALL.get(at).copied().filter(|_| number <= 7)
    }

    /// Whether the library can do this at all; docs/interop.md has the reasons where it cannot.
    pub fn is_expected_of(self, library: Library) -> bool {
        use Feature::*;
        let beyond_openmls = matches!(
            self,
            Suite4
                | Suite5
                | Suite6
                | Suite7
                | ResumptionByReference
                | ReinitByValue
                | ReinitByReference
                | Successor
                | FollowReinit
                | Branch
                | FollowBranch
        );
        match library {
            Library::Conclave => true,
            Library::OpenMls => !beyond_openmls && self != Grease,
            Library::MlsRs => self != Grease,
        }
    }
}

/// How often each library did what.
#[derive(Clone, Default)]
pub struct Tally(BTreeMap<(Feature, Library), u64>);

impl Tally {
    /// It was done once more.
    pub fn count(&mut self, feature: Feature, library: Library) {
        *self.0.entry((feature, library)).or_default() += 1;
    }

    /// Takes another tally in.
    pub fn add(&mut self, other: &Tally) {
        for (key, times) in &other.0 {
            *self.0.entry(*key).or_default() += times;
        }
    }

    /// How often it was done.
    pub fn times(&self, feature: Feature, library: Library) -> u64 {
        self.0.get(&(feature, library)).copied().unwrap_or_default()
    }

    /// What should have been done by these libraries and was not.
    pub fn missing(&self, libraries: &[Library]) -> Vec<(Feature, Library)> {
        let pairs = Feature::ALL.iter().flat_map(|feature| libraries.iter().map(|library| (*feature, *library)));
        pairs
            .filter(|(feature, library)| feature.is_expected_of(*library) && self.times(*feature, *library) == 0)
            .collect()
    }

    /// A table of it all.
    pub fn table(&self) -> String {
        let mut table = format!("{:62}", "");
        for library in Library::ALL {
            write!(table, "{:>10}", library.name()).ok();
        }
        for feature in Feature::ALL {
            write!(table, "\n{:62}", feature.says()).ok();
            for library in Library::ALL {
                match feature.is_expected_of(library) {
                    true => write!(table, "{:>10}", self.times(*feature, library)).ok(),
                    false => write!(table, "{:>10}", "-").ok(),
                };
            }
        }
        table
    }
}
