//! Diffie-Hellman over the five curves of the KEMs (RFC 9180 §7.1).

use aws_lc_rs::agreement::{self, ParsedPublicKey, UnparsedPublicKey, agree};
use zeroize::Zeroizing;

use super::random::random_bytes;
use crate::base::{Code, Error, Result, Secret};

const X448_LENGTH: usize = 56;

/// The u-coordinates of X25519 whose points have a low order, in every encoding of 255 bits: whoever multiplies one gets zero
/// (RFC 7748 §6.1). In this order: 0, 1, the two of order 8, and p - 1, p, p + 1.
const X25519_LOW_ORDER: [[u8; 32]; 7] = [
    [0; 32],
    [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    [
        0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4, 0x6a, 0xda, 0x09,
        0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00,
    ],
    [
        0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1, 0x55, 0x9c, 0x83, 0xef, 0x5b, 0x04, 0x44,
        0x5c, 0xc4, 0x58, 0x1c, 0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f, 0x11, 0x57,
    ],
    [
        0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f,
    ],
    [
        0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f,
    ],
    [
        0xee, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f,
    ],
];

/// A curve that two keys agree on a secret over.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Curve {
    X25519,
    P256,
    P384,
    P521,
    X448,
}

impl Curve {
    /// `Nsk`: the length of a private key.
    pub(super) fn private_length(self) -> usize {
        match self {
            Curve::X25519 | Curve::P256 => 32,
            Curve::P384 => 48,
            Curve::P521 => 66,
            Curve::X448 => X448_LENGTH,
        }
    }

    /// `Npk`: the length of a public key.
    pub(super) fn public_length(self) -> usize {
        match self {
            Curve::X25519 | Curve::X448 => self.private_length(),
            Curve::P256 | Curve::P384 | Curve::P521 => 1 + 2 * self.private_length(),
        }
    }

    /// Makes a fresh private key.
    pub(super) fn generate(self) -> Result<CurvePrivateKey> {
        match self.algorithm() {
            Some(algorithm) => agreement::PrivateKey::generate(algorithm)
                .map(|key| CurvePrivateKey::Backend(key, self))
                .map_err(|_| Code::Internal.with("no key could be generated")),
            None => random_bytes().map(|bytes| CurvePrivateKey::X448(Zeroizing::new(bytes))),
        }
    }

    /// Reads a private key; a scalar out of range is no key.
    pub(super) fn load(self, private: &[u8]) -> Result<CurvePrivateKey> {
        match self.algorithm() {
            Some(algorithm) => agreement::PrivateKey::from_private_key(algorithm, private)
                .map(|key| CurvePrivateKey::Backend(key, self))
                .map_err(|_| Code::BadKey.into()),
            None => {
                let bytes = private.try_into().map_err(|_| Code::BadKey)?;
                Ok(CurvePrivateKey::X448(Zeroizing::new(bytes)))
            }
        }
    }

    /// Whether these bytes are a public key: a point of the curve in its one accepted form (for X25519, any 32 bytes),
    /// and not one of low order on a curve that has such points.
    pub(super) fn check_public(self, public: &[u8]) -> Result<()> {
        self.check_form(public)?;
        let accepted = match self.algorithm() {
            Some(_) if self == Curve::X25519 => !has_low_order(public),
            Some(algorithm) => ParsedPublicKey::try_from(UnparsedPublicKey::new(algorithm, public)).is_ok(),
            None => x448::PublicKey::from_bytes(public).is_some(),
        };
        if accepted { Ok(()) } else { Err(bad_point()) }
    }

    // The backend also reads compressed points and certificates' key encodings, which have no place here.
    fn check_form(self, public: &[u8]) -> Result<()> {
        let uncompressed = public.first() == Some(&4);
        let well_formed = match self {
            Curve::X25519 | Curve::X448 => true,
            Curve::P256 | Curve::P384 | Curve::P521 => uncompressed,
        };
        if public.len() == self.public_length() && well_formed { Ok(()) } else { Err(bad_point()) }
    }

    fn algorithm(self) -> Option<&'static agreement::Algorithm> {
        match self {
            Curve::X25519 => Some(&agreement::X25519),
            Curve::P256 => Some(&agreement::ECDH_P256),
            Curve::P384 => Some(&agreement::ECDH_P384),
            Curve::P521 => Some(&agreement::ECDH_P521),
            Curve::X448 => None,
        }
    }
}

/// A private key, prepared for use.
pub(super) enum CurvePrivateKey {
    Backend(agreement::PrivateKey, Curve),
    X448(Zeroizing<[u8; X448_LENGTH]>),
}

impl CurvePrivateKey {
    /// The public key that belongs to it.
    pub(super) fn public(&self) -> Result<Vec<u8>> {
        let none = || Error::from(Code::BadKey);
        match self {
            CurvePrivateKey::Backend(key, _) => {
                key.compute_public_key().map(|public| public.as_ref().to_vec()).map_err(|_| none())
            }
            CurvePrivateKey::X448(private) => {
                x448::x448(**private, x448::X448_BASEPOINT_BYTES).map(Vec::from).ok_or_else(none)
            }
        }
    }

    /// The secret shared with the holder of `public`. One that is all zero is refused (RFC 9180 §7.1.4).
    pub(super) fn agree(&self, public: &[u8]) -> Result<Secret> {
        let shared = match self {
            CurvePrivateKey::Backend(key, curve) => {
                curve.check_form(public)?;
                let peer = UnparsedPublicKey::new(key.algorithm(), public);
                agree(key, peer, bad_point(), |shared| Ok(Secret::copy_of(shared)))?
            }
            CurvePrivateKey::X448(private) => {
                let peer = public.try_into().map_err(|_| bad_point())?;
                let shared = Zeroizing::new(x448::x448(**private, peer).ok_or_else(bad_point)?);
                Secret::copy_of(&*shared)
            }
        };
        let nonzero = shared.expose().iter().fold(0, |seen, byte| seen | byte);
        if nonzero == 0 { Err(bad_point()) } else { Ok(shared) }
    }
}

/// Whether these bytes, of which X25519 ignores the highest bit, are a point of low order.
fn has_low_order(public: &[u8]) -> bool {
    let Some((last, front)) = public.split_last() else { return false };
    X25519_LOW_ORDER.iter().any(|point| point.split_last() == Some((&(last & 0x7f), front)))
}

fn bad_point() -> Error {
    Code::Malformed.with("the bytes are not a public key of the cipher suite")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;

    const ALL: [Curve; 5] = [Curve::X25519, Curve::P256, Curve::P384, Curve::P521, Curve::X448];

    #[test]
    fn two_sides_agree() {
        for curve in ALL {
            let (ours, theirs) = (curve.generate().unwrap(), curve.generate().unwrap());
            let (our_public, their_public) = (ours.public().unwrap(), theirs.public().unwrap());
            assert_eq!(our_public.len(), curve.public_length());
            curve.check_public(&our_public).unwrap();
            assert!(ours.agree(&their_public).unwrap().matches(theirs.agree(&our_public).unwrap().expose()));
        }
    }

    #[test]
    fn points_of_low_order_and_off_the_curve_are_refused() {
        for curve in ALL {
            let key = curve.generate().unwrap();
            let zero = vec![0; curve.public_length()];
            assert!(key.agree(&zero).unwrap_err().is(Code::Malformed));
            let mut public = curve.generate().unwrap().public().unwrap();
            assert!(key.agree(&public[1..]).unwrap_err().is(Code::Malformed));
            assert!(curve.check_public(&public[1..]).is_err());
            if public.len() > 2 * curve.private_length() {
                let compressed = [&[2 + (public[public.len() - 1] & 1)], &public[1..=curve.private_length()]].concat();
                assert!(key.agree(&compressed).is_err());
                *public.last_mut().unwrap() ^= 1;
                assert!(key.agree(&public).is_err());
                assert!(curve.check_public(&public).is_err());
            }
        }
    }

    #[test]
    fn no_point_of_low_order_is_a_key() {
        for mut point in X25519_LOW_ORDER {
            for high_bit in [0, 0x80] {
                point[31] |= high_bit;
                assert!(Curve::X25519.check_public(&point).unwrap_err().is(Code::Malformed));
                assert!(Curve::X25519.generate().unwrap().agree(&point).unwrap_err().is(Code::Malformed));
            }
        }
        assert!(Curve::X448.check_public(&[0; X448_LENGTH]).is_err());
    }

    #[test]
    fn scalars_out_of_range_are_no_keys() {
        for curve in [Curve::P256, Curve::P384, Curve::P521] {
            assert!(curve.load(&vec![0; curve.private_length()]).is_err());
            assert!(curve.load(&vec![0xff; curve.private_length()]).is_err());
        }
        for curve in ALL {
            assert!(curve.load(&[1; 31]).is_err_and(|error| error.is(Code::BadKey)));
        }
    }
}
