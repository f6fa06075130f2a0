import Conclave
import Foundation

/// How a device and the delivery service exchange what they have.
extension Device {
    /// Sends what is in the outbox and receives what the delivery service has.
    public func sync() throws {
        try flush()
        try answerInvitations()
        guard let group = try findGroup() else { return }
        while try receiveNext(group) {
            try flush()
        }
    }

    /// Sends what is in the outbox, oldest first: bytes that exist, never new ones.
    func flush() throws {
        for letter in try ledger.unsent() {
            stop(.beforeSending)
            try send(letter)
            stop(.afterSending)
            try ledger.markSent(letter)
        }
    }

    private func send(_ letter: Letter) throws {
        switch letter.tag {
        case let .cursor(number): try welcome(letter, number)
        case .message: try post(letter, .message)
        // If another commit was quicker, that comes in with the next messages, and takes the place of ours.
        case let .commit(epoch): try post(letter, .commit(epoch))
        }
    }

    /// Another process of this device may have sent it already, and handled it since: so from where it was when it was made.
    private func post(_ letter: Letter, _ kind: Entry.Kind) throws {
        try spool.post(letter.groupId, after: letter.after, Entry(kind: kind, message: letter.bytes))
    }

    /// Sends a Welcome, and the tree that it goes with: nothing is received before, so the group is still in that epoch. (If a
    /// second process of the device has moved on meanwhile, the tree does not fit, and the member has to be added again.)
    private func welcome(_ letter: Letter, _ number: UInt64) throws {
        guard let recipient = letter.recipient else { throw Problem("a Welcome for nobody") }
        try spool.putTree(letter.groupId, number, client.openGroup(groupId: letter.groupId).exportTree())
        try spool.invite(recipient, Invitation(groupId: letter.groupId, number: number, welcome: letter.bytes))
    }

    /// Joins the group that a Welcome leads into.
    private func answerInvitations() throws {
        for invitation in try spool.invitations(name) {
            let options = JoinOptions(tree: try spool.tree(invitation), tag: Tag.cursor(invitation.number).bytes)
            do {
                _ = try client.join(welcome: invitation.welcome, options: options)
                try publish()
            } catch let error as ConclaveError where [408, 507].contains(error.code) {
                // Answered before, by this device or by another process of it.
            }
            try spool.forget(name, invitation)
        }
    }

    /// Receives the message after the cursor. The cursor goes along in the tag, and moves in the transaction of the call.
    private func receiveNext(_ group: Group) throws -> Bool {
        let number = try ledger.cursor(group.id()) + 1
        guard let entry = try spool.fetch(group.id(), number) else { return false }
        let line = try receive(group, entry.message, number)
        stop(.afterReceiving)
        try ledger.skip(group.id(), number, line)
        return true
    }

    /// What the user should know, if the bytes are of no use here and never will be: hostile, or for the members of a group that
    /// we are no longer in. (Or another process of ours has read them; then the cursor has moved, and nothing is written.)
    private func receive(_ group: Group, _ message: Data, _ number: UInt64) throws -> String? {
        do {
            _ = try group.receive(message: message, tag: Tag.cursor(number).bytes)
            return nil
        } catch let error as ConclaveError where (2...4).contains(error.code / 100) {
            return "! a message that cannot be read here (error \(error.code))"
        }
    }

    private func stop(_ point: Point) {
        if stopAt == point {
            point.stop()
        }
    }
}
