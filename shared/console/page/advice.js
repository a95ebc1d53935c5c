// What a failure means and what to do about it, for every code of CONTRACT.md §2 and the answers receivers often give.

const MOVED = "The endpoint leads elsewhere. Redirects are never followed: enter the address it leads to in Setup.";

const ANSWERS = {
	301: MOVED, 302: MOVED, 307: MOVED, 308: MOVED,
	400: "The receiver does not understand what it gets. Check that it takes gzip and the log format chosen in Setup.",
	401: "The receiver does not take the authorization header. Replace it in Setup, then send the range again.",
	403: "The authorization header is known but may not send. Allow it there, or replace it in Setup.",
	404: "There is nothing at the endpoint's path. Check the endpoint in Setup.",
	405: "The endpoint does not take POST. Check its path in Setup.",
	413: "The receiver takes less than was sent, even one entry at a time. Raise its limit.",
	415: "The receiver does not take this kind of text. Let it take gzip, or choose another log format in Setup.",
	422: "The receiver does not take these entries. Check that it expects the log format chosen in Setup.",
};

const CODES = {
	cancelled: ["Cancelled", "What was acknowledged before stays with the receiver. Send the range again to get all of it."],
	expired: ["Not finished in time", "The receiver did not take everything within 24 hours. Check that it keeps up, then send a shorter range."],
	webhook_disabled: ["The webhook was turned off", "Enable it in Setup, then send the range again."],
	webhook_gone: ["The receiver is gone", "It answered 410 Gone, which turns the webhook off. Enter its new endpoint in Setup, enable it, then send the range again."],
	rejected: ["The receiver refused it", "Send a test entry from Setup to see what it answers, then send the range again."],
	retries_exhausted: ["The receiver did not answer well in time", "It was tried for as long as the service is set to. Once a test entry from Setup arrives, send the range again."],
	entry_too_large: ["An entry is too large for the receiver", "Raise the limit of the receiver, or send a range without that entry."],
	undeliverable: ["The service could not send it", "The detail says of when: a range without it can be sent. Tell whoever runs the service."],
};

// advise is what failed, in words, and what to do.
export function advise(failure) {
	const [title, what] = CODES[failure?.code] ?? ["It failed", "Send the range again. If it fails again, tell whoever runs the service."];
	const answer = ANSWERS[failure?.last_response_code];
	if (failure?.code === "rejected" && answer) return { title, what: answer };
	if (failure?.code === "rejected" && !failure.last_response_code) {
		return { title: "The endpoint may not be called", what: "The service does not send to addresses inside its own network. Enter a public https endpoint in Setup." };
	}
	if (failure?.code === "retries_exhausted" && !failure.last_response_code) {
		return { title: "The receiver could not be reached", what: "Nobody answered. Check that the endpoint in Setup is right and can be reached from the internet, then send the range again." };
	}
	return { title, what };
}

// problemText is a request that failed, for people; the trace id is what the service's logs know it by.
export function problemText(p) {
	switch (p.kind) {
		case "network":
			return "The service cannot be reached. Check the connection.";
		case "timeout":
			return `${p.message}. The service may be busy.`;
		default:
	}
	if (p.status === 429) return "Too many requests just now. Try again in a moment.";
	if (p.status === 503) return "The service took too long to answer. Try again.";
	if (p.status >= 500) return "Something went wrong in the service. Try again; if it stays, quote the trace id to whoever runs it.";
	if (p.invalid.length) return p.invalid.map((v) => `${v.field}: ${v.reason}`).join("; ");
	return p.message;
}
