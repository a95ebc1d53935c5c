package webhook_test

import (
	"math/big"
	"net/http"
	"strings"
	"testing"
	"time"

	"reprise/shared/webhook"
)

// Retry-After is what net/http and a number without bounds make of it, within our own.
func FuzzRetryAfter(f *testing.F) {
	for _, header := range []string{
		"", "0", "1", "120", "900", "901", " 30 ", "-1", "+5", "1.5", "1e3", "0x10", "00000000000000000000000000000007", "18446744073709551616",
		now.Add(time.Minute).UTC().Format(http.TimeFormat), now.Add(time.Minute).UTC().Format(time.RFC850), now.Add(time.Minute).UTC().Format(time.ANSIC),
		now.Add(-time.Minute).UTC().Format(http.TimeFormat), now.AddDate(100, 0, 0).UTC().Format(http.TimeFormat), "Mon, 02 Mar 2026 11:01:00 CET", "soon", "١٢",
	} {
		f.Add(header)
	}
	const least, most = time.Second, 15 * time.Minute
	f.Fuzz(func(t *testing.T, header string) {
		want := time.Duration(0)
		text := strings.TrimSpace(header)
		if text != "" && strings.Trim(text, "0123456789") == "" {
			n, ok := new(big.Int).SetString(text, 10)
			if want = most; ok && n.Cmp(big.NewInt(int64(most/time.Second))) <= 0 {
				want = time.Duration(n.Int64()) * time.Second
			}
		} else if at, err := http.ParseTime(text); err == nil {
			want = min(at.Sub(now), most)
		}
		v := webhook.Judge(webhook.Answer{Code: 503, RetryAfter: header}, first, 0)
		if v.Outcome != webhook.Later || v.Wait != max(want, least) {
			t.Fatalf("%q: %+v, want %s", header, v, max(want, least))
		}
	})
}
