//! Sending application messages: from the reserve of the handle if there is one, and else with a write.

use super::call::run;
use super::group::Group;
use super::lease::Inside;
use crate::base::Result;
use crate::group::foresight::Foresight;
use crate::group::send;
use crate::message::ContentType;

impl Group {
    /// Encrypts a message. Only the handle that made a reserve knows it, and one call at a time works on a group.
    pub(super) fn send(&self, content: (&[u8], &[u8]), tag: &[u8]) -> Result<Vec<u8>> {
        let _inside = Inside::enter()?;
        let _lease = self.lease()?;
        if let Some(message) = self.send_reserved(content)? {
            return Ok(message);
        }
        let services = &self.shared.services;
        // A message too long for the reserve leaves it as it is.
        let wanted = if self.reserve.lock().is_some() { 0 } else { services.limits.reserve.saturating_sub(1) };
        let mut reserved = None;
        let message = self.act_leased(
            |foresight: &Foresight| foresight.to_send(ContentType::Application),
            |txn, state| {
                let (message, reserve) = send::application(txn, (state, services), content, wanted)?;
                reserved = reserve;
                let effect = self.outbound(tag, &message);
                Ok((message, Some(effect)))
            },
        )?;
        if let Some(reserve) = reserved {
            *self.reserve.lock() = Some(reserve);
        }
        Ok(message)
    }

    fn send_reserved(&self, content: (&[u8], &[u8])) -> Result<Option<Vec<u8>>> {
        let mut held = self.reserve.lock();
        let Some(reserve) = held.as_mut() else { return Ok(None) };
        let outcome = run(&self.shared.store, |txn| Ok((reserve.send(txn, &self.shared.services, content)?, None)));
        held.take_if(|reserve| reserve.is_spent());
        outcome
    }
}
