// Package samples is the events of events/ in worlds where each of them means something.
//
// A sample is events/<folder of functions/>/<name>.json, an event as AWS sends it, beside <name>.answer.json, which says what
// becomes of it: the function's answer to the letter, then what it left behind. In both, as text:
//
//	{{now}} {{now-2h}}    a time, RFC 3339 in UTC: an event may be of the last seven days only
//	{{ms-90m}}            the same in milliseconds since 1970, as a number
//	{{job}}               the id of the sample's job
//	{{receiver}}          the URL of a receiver of this machine, to which the sample's webhook points
//	{{message}} {{receipt}}    the id and the receipt handle under which a queue gave the event's message
//
// In an event also where a body is base64 or gzip: it is packed anew. In an answer also
//
//	{{id}}                any ULID made while the function was at work
//	{{then}}              any time within it
//	{{took}}              milliseconds that something took, no more than all of it
//	{{length}}            the body's length
//	{{openapi}}           the text of shared/api/openapi.yaml
//	{{page}}              that of shared/console/page/index.html, with some version in it
//
// All else must be equal: "now" is the same whole second in both.
package samples
