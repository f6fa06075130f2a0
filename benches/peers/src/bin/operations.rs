//! What each operation takes with conclave, OpenMLS and mls-rs, in one process. The harness is the one of the folder above, and
//! so are its settings (its `compare.rs`); `operations all` is with every kind of storage that conclave is measured on, and with the
//! slower provider of OpenMLS.

use conclave_bench_peers::mls_rs;
use conclave_bench_peers::openmls::OpenMls;
use conclave_bench_peers::peer::Peer;
use conclave_benches::contender::Contender;
use conclave_benches::ours::person::Storing;
use conclave_benches::ours::{self, Ours};
use openmls_libcrux_crypto::CryptoProvider;
use openmls_rust_crypto::RustCrypto;

fn main() {
    let everything = std::env::args().any(|argument| argument == "all");
    let mut contenders =
        if everything { ours::all() } else { vec![Box::new(Ours::new(Storing::Memory)) as Box<dyn Contender>] };
    contenders.extend(peers());
    if everything {
        contenders.push(Box::new(Peer::new("OpenMLS, libcrux", OpenMls::<CryptoProvider>::enter)));
    }
    conclave_benches::compare(contenders, &[2, 10, 100, 1_000, 10_000, 100_000]);
}

fn peers() -> [Box<dyn Contender>; 4] {
    [
        Box::new(Peer::new("OpenMLS", OpenMls::<RustCrypto>::enter)),
        Box::new(Peer::new("OpenMLS, GroupInfo per commit", OpenMls::<RustCrypto>::enter_with_group_info)),
        Box::new(Peer::new("mls-rs", mls_rs::enter)),
        Box::new(Peer::new("mls-rs, tree apart", mls_rs::enter_with_tree_apart)),
    ]
}
