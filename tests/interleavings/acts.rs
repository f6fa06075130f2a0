//! The operations of a pair.

use super::*;

impl Hand {
    pub(crate) fn group(&self) -> &Arc<Group> {
        self.group.as_ref().unwrap()
    }

    pub(crate) fn hear(&self, message: &[u8]) -> Result<Said> {
        self.group().receive(message.to_vec(), vec![]).map(Said::Heard)
    }
}

pub(crate) fn hear_0(hand: &Hand, inputs: &[Vec<u8>]) -> Result<Said> {
    hand.hear(&inputs[0])
}

pub(crate) fn hear_1(hand: &Hand, inputs: &[Vec<u8>]) -> Result<Said> {
    hand.hear(&inputs[1])
}

pub(crate) fn speak(hand: &Hand, _: &[Vec<u8>]) -> Result<Said> {
    hand.group().encrypt(b"hello".to_vec(), vec![], vec![]).map(Said::Sent)
}

/// The first message is written, along with the reserve that the second one comes from, if nothing happens between.
pub(crate) fn reserve_and_speak(hand: &Hand, inputs: &[Vec<u8>]) -> Result<Said> {
    let earlier = hand.storage.inner.ledger.effects().len();
    let sent = || hand.storage.inner.ledger.effects();
    speak(hand, inputs)?;
    let Said::Sent(second) = speak(hand, inputs)? else { panic!("not sent") };
    let recorded =
        sent()[earlier..].iter().any(|one| matches!(one, Effect::Outbound { message, .. } if *message == second));
    match recorded {
        true => Ok(Said::Sent(second)),
        false => Ok(Said::Unrecorded(second, hand.storage.last.load(Ordering::Relaxed))),
    }
}

pub(crate) fn propose(hand: &Hand, _: &[Vec<u8>]) -> Result<Said> {
    hand.group().propose_psk(PSK.to_vec(), vec![]).map(Said::Sent)
}

pub(crate) fn build(hand: &Hand, _: &[Vec<u8>]) -> Result<Said> {
    hand.group().clone().new_commit().build().map(|built| Said::Sent(built.commit))
}

pub(crate) fn confirm(hand: &Hand, _: &[Vec<u8>]) -> Result<Said> {
    hand.group().confirm_commit(None, vec![]).map(Said::Heard)
}

pub(crate) fn discard(hand: &Hand, _: &[Vec<u8>]) -> Result<Said> {
    hand.group().discard_commit(None).map(|()| Said::Nothing)
}

pub(crate) fn clear(hand: &Hand, _: &[Vec<u8>]) -> Result<Said> {
    hand.group().clear_proposals().map(|()| Said::Nothing)
}

pub(crate) fn prune(hand: &Hand, _: &[Vec<u8>]) -> Result<Said> {
    hand.group().prune(Some(0)).map(|()| Said::Nothing)
}

pub(crate) fn delete(hand: &Hand, _: &[Vec<u8>]) -> Result<Said> {
    hand.group().delete().map(|()| Said::Nothing)
}

/// What comes of it is whole: another device takes it.
pub(crate) fn archive(hand: &Hand, _: &[Vec<u8>]) -> Result<Said> {
    let archive = hand.client.export_archive(vec![7; 32])?;
    let host = Host::new(MemoryStorage::new(), Arc::new(AcceptAll));
    let other = Client::new(ClientConfig::basic("alice"), host).unwrap();
    other.import_archive(archive, vec![7; 32], ImportOptions::default()).unwrap();
    Ok(Said::Nothing)
}

pub(crate) fn release(hand: &Hand, _: &[Vec<u8>]) -> Result<Said> {
    Ok(hand.group().next_deferred(vec![])?.map_or(Said::Nothing, Said::Heard))
}

pub(crate) fn look(hand: &Hand, _: &[Vec<u8>]) -> Result<Said> {
    let (group, status) = (hand.group(), hand.group().status()?);
    assert_eq!(status.members, 3);
    assert_eq!(group.members(None, 9)?.len(), 3);
    Ok(Said::Nothing)
}

pub(crate) fn join(hand: &Hand, inputs: &[Vec<u8>]) -> Result<Said> {
    hand.client.join(inputs[0].clone(), JoinOptions::default()).map(|_| Said::Nothing)
}

pub(crate) fn enter(hand: &Hand, inputs: &[Vec<u8>]) -> Result<Said> {
    let options = ExternalJoinOptions { rejoin: true, ..ExternalJoinOptions::default() };
    hand.client.join_external(inputs[0].clone(), options).map(|join| Said::Sent(join.commit))
}

pub(crate) fn confirm_join(hand: &Hand, inputs: &[Vec<u8>]) -> Result<Said> {
    hand.client.confirm_join(GROUP.to_vec(), Some(inputs[0].clone()), vec![]).map(|_| Said::Nothing)
}

pub(crate) fn discard_join(hand: &Hand, inputs: &[Vec<u8>]) -> Result<Said> {
    hand.client.discard_join(GROUP.to_vec(), Some(inputs[0].clone())).map(|()| Said::Nothing)
}
