//! What mls-rs asks of storages, on a shelf.

use std::convert::Infallible;

use mls_rs::mls_rs_codec::{MlsDecode, MlsEncode};
use mls_rs::{GroupStateStorage, KeyPackageStorage};
use mls_rs_core::group::{EpochRecord, GroupState};
use mls_rs_core::key_package::KeyPackageData;
use zeroize::Zeroizing;

use crate::shelf::Shelf;

/// How many epochs before the present one are kept: as many as in mls-rs's own storages.
const PRIOR_EPOCHS: u64 = 3;

type Outcome<T> = Result<T, Infallible>;

/// Groups on a shelf.
#[derive(Clone)]
pub(super) struct Groups(pub Shelf);

impl GroupStateStorage for Groups {
    type Error = Infallible;

    fn state(&self, group_id: &[u8]) -> Outcome<Option<Zeroizing<Vec<u8>>>> {
        Ok(self.0.read(&state_key(group_id)).map(|record| Zeroizing::new(record.to_vec())))
    }

    fn epoch(&self, group_id: &[u8], epoch_id: u64) -> Outcome<Option<Zeroizing<Vec<u8>>>> {
        Ok(self.0.read(&epoch_key(group_id, epoch_id)).map(|record| Zeroizing::new(record.to_vec())))
    }

    fn write(&mut self, state: GroupState, inserts: Vec<EpochRecord>, updates: Vec<EpochRecord>) -> Outcome<()> {
        let newest = inserts.last().map(|epoch| epoch.id);
        let epochs = inserts.into_iter().chain(updates);
        let mut records: Vec<_> =
            epochs.map(|epoch| (epoch_key(&state.id, epoch.id), Some(epoch.data.to_vec()))).collect();
        if let Some(newest) = newest {
            records.push((newest_key(&state.id), Some(newest.to_be_bytes().to_vec())));
            records.extend(newest.checked_sub(PRIOR_EPOCHS).map(|outdated| (epoch_key(&state.id, outdated), None)));
        }
        records.push((state_key(&state.id), Some(state.data.to_vec())));
        self.0.write(records);
        Ok(())
    }

    fn max_epoch_id(&self, group_id: &[u8]) -> Outcome<Option<u64>> {
        Ok(self.0.read(&newest_key(group_id)).map(|record| u64::from_be_bytes(record[..].try_into().unwrap())))
    }
}

/// Key packages on a shelf.
#[derive(Clone)]
pub(super) struct KeyPackages(pub Shelf);

impl KeyPackageStorage for KeyPackages {
    type Error = Infallible;

    fn delete(&mut self, id: &[u8]) -> Outcome<()> {
        self.0.write(vec![(key_package_key(id), None)]);
        Ok(())
    }

    fn insert(&mut self, id: Vec<u8>, key_package: KeyPackageData) -> Outcome<()> {
        self.0.write(vec![(key_package_key(&id), Some(key_package.mls_encode_to_vec().unwrap()))]);
        Ok(())
    }

    fn get(&self, id: &[u8]) -> Outcome<Option<KeyPackageData>> {
        let record = self.0.read(&key_package_key(id));
        Ok(record.map(|record| KeyPackageData::mls_decode(&mut record.as_slice()).unwrap()))
    }
}

fn state_key(group_id: &[u8]) -> Vec<u8> {
    [b"state", group_id].concat()
}

fn newest_key(group_id: &[u8]) -> Vec<u8> {
    [b"newest", group_id].concat()
}

fn epoch_key(group_id: &[u8], epoch: u64) -> Vec<u8> {
    [b"epoch", group_id, &epoch.to_be_bytes()].concat()
}

fn key_package_key(id: &[u8]) -> Vec<u8> {
    [b"key package", id].concat()
}
