package egress

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"html"
	"slices"
	"strconv"
	"strings"

	"reprise/shared/webhook"
)

const (
	// minPiece is from how many bytes on a piece of a word is a secret by itself: shorter ones are in any text.
	minPiece = 6
	// dressings is how many escapes on top of each other are seen through: JSON in HTML in a URL.
	dressings = 3
)

// redact takes out the authorization, wherever a receiver repeats it (CONTRACT.md §3). It returns false where some of it is
// still there in an escaped form: then nothing of s may be shown, because what to take out of it is anybody's guess.
func redact(s string, secret webhook.Secret) (string, bool) {
	words := hidden(secret)
	if s == "" || len(words) == 0 {
		return s, true
	}
	var pairs []string
	for _, word := range words {
		quoted, _ := json.Marshal(word) // a string always can be
		for _, form := range []string{word, strings.ReplaceAll(word, "/", `\/`), string(quoted[1 : len(quoted)-1])} {
			pairs = append(pairs, form, "***")
		}
	}
	r := strings.NewReplacer(pairs...) // in one pass: what was put in is not looked at again
	s = r.Replace(s)
	for _, bare := range undressed(s) {
		if r.Replace(bare) != bare {
			return "", false
		}
	}
	return s, true
}

// hidden is what nobody may see of an authorization, the longest first: its words but the scheme's name, as well as the pieces
// of those, such as the values of Digest's parameters (RFC 9110 §11.4), and the password that Basic carries (RFC 7617), which
// its receiver has read.
func hidden(secret webhook.Secret) []string {
	words := strings.Fields(printable(string(secret)))
	if len(words) > 1 && !strings.ContainsFunc(words[0], separates) {
		if decoded, err := base64.StdEncoding.DecodeString(words[1]); err == nil && strings.EqualFold(words[0], "basic") {
			text := printable(string(decoded))
			_, password, _ := strings.Cut(text, ":")
			words = append(words, text, password)
		}
		words = words[1:]
	}
	for _, word := range words {
		for _, piece := range strings.FieldsFunc(word, separates) {
			if len(piece) >= minPiece {
				words = append(words, piece)
			}
		}
	}
	words = slices.DeleteFunc(words, func(word string) bool { return word == "" || scheme(word) })
	slices.SortFunc(words, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), strings.Compare(a, b)) })
	return slices.Compact(words)
}

func separates(r rune) bool { return strings.ContainsRune(`=,";`, r) }

// scheme reports whether a word is the usual name of a scheme, which is no secret and stands in many an honest answer.
func scheme(word string) bool {
	switch strings.ToLower(word) {
	case "basic", "bearer", "digest", "token":
		return true
	}
	return false
}

// undressed is every text that a reader of s may make of it by unescaping, s itself left out.
func undressed(s string) []string {
	all := []string{s}
	for from, n := 0, 0; n < dressings; n++ {
		end := len(all)
		for _, text := range all[from:end] {
			for _, bare := range []string{unescape(text, '%'), unescape(text, '\\'), html.UnescapeString(text)} {
				if !slices.Contains(all, bare) {
					all = append(all, bare)
				}
			}
		}
		from = end
	}
	return all[1:]
}

// unescape undoes the escapes of URLs (mark %) or those of JSON, Go and JavaScript (mark \). What is no escape stays as it is, where
// url.QueryUnescape would give up: a receiver's text need not be well formed. A + stays, too: no word has a blank.
func unescape(s string, mark byte) string {
	if strings.IndexByte(s, mark) < 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != mark || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		digits, skip := 2, 1 // %2F
		if mark == '\\' {
			skip = 2
			switch s[i+1] {
			case 'x':
			case 'u':
				digits = 4
			default: // a quote, a slash, a backslash; what \n and the like stand for is in no word
				b.WriteByte(s[i+1])
				i++
				continue
			}
		}
		code, ok := hex(s, i+skip, digits)
		if !ok {
			b.WriteByte(s[i])
			continue
		}
		if mark == '%' {
			b.WriteByte(byte(code))
		} else {
			b.WriteRune(rune(code))
		}
		i += skip + digits - 1
	}
	return b.String()
}

// hex reads n hexadecimal digits at s[from].
func hex(s string, from, n int) (uint64, bool) {
	if from+n > len(s) {
		return 0, false
	}
	code, err := strconv.ParseUint(s[from:from+n], 16, 32)
	return code, err == nil
}
