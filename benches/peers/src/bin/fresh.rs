//! Peak memory and time of fresh processes that open a group and decrypt a message, or join it: conclave and the others. Prints
//! CSV.

use conclave_bench_peers::fresh::FreshPeer;
use conclave_bench_peers::mls_rs;
use conclave_bench_peers::openmls::OpenMls;
use conclave_benches::fresh;
use conclave_benches::ours::fresh::FreshOurs;
use openmls_rust_crypto::RustCrypto;

fn main() {
    let openmls = FreshPeer::new("OpenMLS, files", OpenMls::<RustCrypto>::enter);
    let mls_rs = FreshPeer::new("mls-rs, files", mls_rs::enter);
    fresh::main(&[&FreshOurs, &openmls, &mls_rs], &[1_000, 10_000]);
}
