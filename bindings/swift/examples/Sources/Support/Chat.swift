import Conclave
import Foundation

/// Ends the answer to one command.
let answerEnd = "."

/// How often the delivery service is asked for news, in seconds.
private let look: TimeInterval = 0.1

private let help = """
    Anything that does not begin with a slash is sent to the group. Commands:
      /create          make a group with you alone in it
      /add NAME...     add people; they must have been here once, and may be away now
      /remove NAME     remove someone, who can then read nothing that is said afterwards
      /members         tell who is in the group
      /epoch           tell the epoch and its authenticator: equal for all members, and for nobody else
      /refresh         take fresh keys, which shuts out whoever may have stolen the old ones
      /help            show this
      /quit            leave the program; the group stays
    """

/// A chat on the terminal, until `/quit` or the end of the input. What others say appears as it comes.
public func chatOnTerminal(_ device: Device) throws {
    say("* you are \(device.name); /help tells what you can do")
    try device.sync()
    if try device.findGroup() == nil {
        say("* you are in no group yet: /create one, or wait until someone adds you")
    }
    let keyboard = LineReader(STDIN_FILENO)
    while true {
        switch keyboard.next(within: look) {
        case let .line(line): if try !obey(device, line) { return }
        case .nothingYet: _ = try obey(device, "")
        case .ended: return
        }
    }
}

/// A chat with a program: a line with a dot says that it is ready, and each command is answered by some lines and a dot.
func chatByScript(_ device: Device) throws {
    let commands = LineReader(STDIN_FILENO)
    while true {
        say(answerEnd)
        guard case let .line(line) = commands.next(within: nil), try obey(device, line) else { return }
    }
}

/// Does what the line says, and tells the news. A command that fails is told of, and ends nothing. Tells whether to go on.
private func obey(_ device: Device, _ line: String) throws -> Bool {
    let line = line.trimmingCharacters(in: .whitespacesAndNewlines)
    if line == "/quit" {
        return false
    }
    do {
        try act(device, line)
    } catch {
        say("! \(plain(error))")
    }
    try device.news().forEach(say)
    return true
}

private func act(_ device: Device, _ line: String) throws {
    let words = line.split(whereSeparator: \.isWhitespace).map(String.init)
    let arguments = Array(words.dropFirst())
    switch (words.first, arguments.count) {
    case (nil, _): try device.sync()
    case ("/create", 0): try device.createGroup()
    case ("/add", 1...): try device.add(arguments)
    case ("/remove", 1): try device.remove(arguments[0])
    case ("/members", 0): try showMembers(device)
    case ("/epoch", 0): try showEpoch(device)
    case ("/refresh", 0): try device.refresh()
    case ("/help", 0): say(help)
    case let (command?, _) where command.hasPrefix("/"):
        throw Problem("\(command) is not understood; /help tells more")
    default: try device.say(line)
    }
}

private func showMembers(_ device: Device) throws {
    try device.sync()
    let names = try device.group().members(after: nil, limit: 1000).map { text($0.name.clientId) }
    say("members: \(names.joined(separator: ", "))")
}

private func showEpoch(_ device: Device) throws {
    try device.sync()
    let group = try device.group()
    let authenticator = try group.epochAuthenticator().hex
    say("epoch \(try group.status().epoch): \(authenticator)")
}

/// An error of the library in the words of its table, with what to do about it; any other as it is.
private func plain(_ error: any Swift.Error) -> String {
    guard let info = (error as? ConclaveError)?.info else { return error.localizedDescription }
    return "\(info.summary) (\(info.code)): \(info.remedy)"
}
