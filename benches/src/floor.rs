//! The floor: what an operation would cost if it were nothing but its unavoidable primitives. Parsing, copying and storage cost
//! nothing here. Cipher suite 1.

use crate::contender::Operation;
use crate::primitives::Costs;

/// Bytes that a member has in the tree of a bulk add, where the parents are blank.
const LEAF: f64 = 210.0;

/// Messages skipped in [`Operation::DecryptSkipped`].
const SKIPPED: f64 = 1000.0;

/// The floor of every operation, for what the primitives cost.
pub struct Floor(pub Costs);

impl Floor {
    /// The floor of an operation in a group of `n`, in nanoseconds; 0 where there is nothing but bookkeeping.
    pub fn of(&self, operation: Operation, n: u32) -> f64 {
        let n = f64::from(n);
        match operation {
            Operation::KeyPackage => 2.0 * (self.0.keygen + self.0.sign),
            Operation::Create | Operation::ConfirmUpdate => 0.0,
            Operation::BulkAdd => self.bulk_add(n),
            Operation::JoinBulk => self.join(n, n * LEAF),
            Operation::JoinFull => self.join(n + 1.0, 0.0),
            Operation::SelfUpdate => self.self_update(n),
            Operation::ProcessUpdate | Operation::ProcessRemove => self.process_commit(n),
            Operation::Add => self.self_update(n) + 2.0 * self.0.verify + self.seal() + self.0.sign,
            Operation::ProcessAdd => self.process_commit(n) + 2.0 * self.0.verify,
            Operation::Remove => self.self_update(n) + (depth(n) - 2.0).max(0.0) * self.seal(),
            Operation::Encrypt => self.message() + self.0.sign,
            Operation::Decrypt => self.message() + self.0.verify,
            // Each skipped generation leaves a key, a nonce and the next secret.
            Operation::DecryptSkipped => self.message() + self.0.verify + SKIPPED * 3.0 * self.0.expand,
            Operation::OpenDecrypt => self.message() + self.0.verify + 2.0 * depth(n) * self.0.expand,
            Operation::ExternalJoin => self.external_join(n),
            Operation::ProcessExternal => self.process_commit(n) + self.0.agree + self.0.expand,
        }
    }

    fn node_key(&self) -> f64 {
        3.0 * self.0.expand + self.0.extract + self.0.base
    }

    fn schedule(&self) -> f64 {
        15.0 * self.0.expand + 5.0 * self.0.hmac + 3.0 * self.0.sha_200
    }

    /// HPKE of a path secret to one recipient: key generation, agreement, and the two key schedules.
    fn seal(&self) -> f64 {
        self.0.keygen + self.0.agree + self.hpke_schedule()
    }

    fn open(&self) -> f64 {
        self.0.agree + self.0.base + self.hpke_schedule()
    }

    fn hpke_schedule(&self) -> f64 {
        2.0 * self.0.extract + 3.0 * self.0.expand + self.0.gcm_32
    }

    /// Rehashing a path of `d` nodes.
    fn path_hashes(&self, d: f64) -> f64 {
        d * (self.0.sha_110 + self.0.sha_140) + self.0.sha_300
    }

    fn process_commit(&self, n: f64) -> f64 {
        2.0 * self.0.verify + self.open() + self.node_key() + self.path_hashes(depth(n)) + self.schedule()
    }

    fn self_update(&self, n: f64) -> f64 {
        let d = depth(n);
        self.0.keygen + d * (self.node_key() + self.seal()) + self.path_hashes(d) + 2.0 * self.0.sign + self.schedule()
    }

    /// Everything of a message of 1 KiB but its signature.
    fn message(&self) -> f64 {
        5.0 * self.0.expand + self.0.gcm_1100 + self.0.gcm_12
    }

    /// Adding everyone but the creator at once; the tree is sealed once.
    fn bulk_add(&self, n: f64) -> f64 {
        (n - 1.0) * (2.0 * self.0.verify + self.seal() + 2.0 * self.0.sha_300)
            + 3.0 * self.0.sign
            + depth(n) * self.node_key()
            + n * self.0.sha_140
            + self.schedule()
            + n * LEAF * self.0.gcm_byte
    }

    fn join(&self, n: f64, tree: f64) -> f64 {
        self.open() + self.verify_tree(n) + self.node_key() + self.schedule() + tree * self.0.gcm_byte
    }

    /// The signatures of all leaves and of the GroupInfo, and the hashes of all nodes.
    fn verify_tree(&self, n: f64) -> f64 {
        (n + 1.0) * self.0.verify + n * (self.0.sha_300 + self.0.sha_140 + self.0.sha_110)
    }

    /// What a join verifies, a commit of fresh keys, and the secret sent to the group's external key.
    fn external_join(&self, n: f64) -> f64 {
        self.verify_tree(n) + self.self_update(n) + self.0.keygen + self.0.agree + self.0.expand
    }
}

fn depth(n: f64) -> f64 {
    n.log2().ceil()
}
