//! The few wire forms that a test writes by hand.

/// A type that RFC 9420 leaves to apps.
pub(crate) const PRIVATE_TYPE: u16 = 0xf001;

/// `Extension extensions<V>` of RFC 9420.
pub(crate) fn extensions(list: &[(u16, &[u8])]) -> Vec<u8> {
    let encoded = list.iter().flat_map(|(number, data)| [number.to_be_bytes().to_vec(), opaque(data)].concat());
    opaque(&encoded.collect::<Vec<u8>>())
}

/// The payload of a required_capabilities extension (type 3).
pub(crate) fn required(extensions: &[u16], proposals: &[u16], credentials: &[u16]) -> Vec<u8> {
    let list = |numbers: &[u16]| opaque(&numbers.iter().flat_map(|number| number.to_be_bytes()).collect::<Vec<u8>>());
    [list(extensions), list(proposals), list(credentials)].concat()
}

/// The payload of an external_senders extension (type 5) that names one sender.
pub(crate) fn external_sender(name: &str) -> Vec<u8> {
    opaque(&[opaque(&[7; 32]), vec![0, 1], opaque(name.as_bytes())].concat())
}

fn opaque(bytes: &[u8]) -> Vec<u8> {
    assert!(bytes.len() < 1 << 14);
    let header = match bytes.len() {
        short @ 0..64 => vec![short as u8],
        long => (long as u16 | 0x4000).to_be_bytes().to_vec(),
    };
    [header, bytes.to_vec()].concat()
}
