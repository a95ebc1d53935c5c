package client

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// replies is a network that answers in turn; after the last, that one again.
type replies struct {
	all  []func() (*http.Response, error)
	sent []*http.Request
	at   []time.Time
}

func (r *replies) RoundTrip(req *http.Request) (*http.Response, error) {
	r.sent, r.at = append(r.sent, req), append(r.at, time.Now())
	return r.all[min(len(r.sent), len(r.all))-1]()
}

func says(code int, header, body string) func() (*http.Response, error) {
	return func() (*http.Response, error) {
		h := make(http.Header)
		if name, value, ok := strings.Cut(header, ": "); ok {
			h.Set(name, value)
		}
		return &http.Response{StatusCode: code, Header: h, Body: io.NopCloser(strings.NewReader(body))}, nil
	}
}

func breaks(err error) func() (*http.Response, error) {
	return func() (*http.Response, error) { return nil, err }
}

func through(network http.RoundTripper) *Client {
	c := New(Config{API: "http://reprise.test", Token: "rpr_secret", Region: "eu", Now: time.Now})
	c.http.Transport = network
	return c
}

func TestWhatMayPassIsTriedAgain(t *testing.T) {
	refused := &net.OpError{Op: "dial", Err: errors.New("connection refused")}
	job := func(ctx context.Context, c *Client) error { _, err := c.Job(ctx, false); return err }
	put := func(ctx context.Context, c *Client) error {
		_, err := c.Replay(ctx, time.Now(), time.Now())
		return err
	}
	for name, row := range map[string]struct {
		do    func(context.Context, *Client) error
		reply func() (*http.Response, error)
		want  int
	}{
		"a server's fault":                     {job, says(503, "", ""), Tries},
		"too many requests":                    {job, says(429, "", ""), Tries},
		"no answer":                            {job, breaks(io.ErrUnexpectedEOF), Tries},
		"nobody there":                         {job, breaks(refused), 1},
		"a refusal for good":                   {job, says(400, "", ""), 1},
		"a redirect":                           {job, says(307, "Location: http://elsewhere.test/", ""), 1},
		"more time than anybody waits":         {job, says(503, "Retry-After: 31", ""), 1},
		"success":                              {job, says(200, "", "{}"), 1},
		"no answer to what may not come twice": {put, breaks(io.ErrUnexpectedEOF), 1},
		"no answer to the end of a job":        {func(ctx context.Context, c *Client) error { return c.Cancel(ctx) }, breaks(io.ErrUnexpectedEOF), 1},
		"a fault at what may not come twice":   {put, says(500, "", ""), 1},
		"no place for what may not come twice": {put, says(429, "", ""), Tries},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				network := &replies{all: []func() (*http.Response, error){row.reply}}
				_ = row.do(t.Context(), through(network))
				if len(network.sent) != row.want {
					t.Errorf("%d tries, want %d", len(network.sent), row.want)
				}
			})
		})
	}
}

func TestAServiceThatWasThereIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refused := breaks(&net.OpError{Op: "dial", Err: errors.New("connection refused")})
		network := &replies{all: []func() (*http.Response, error){says(200, "", "{}"), refused, refused, says(202, "", `{"status":"accepted"}`)}}
		c := through(network)
		if _, err := c.Estimate(t.Context(), time.Now(), time.Now()); err != nil {
			t.Fatal(err)
		}
		if j, err := c.In("us").Replay(t.Context(), time.Now(), time.Now()); err != nil || j.Status != "accepted" || len(network.sent) != 4 {
			t.Errorf("%d tries, then %v, %v", len(network.sent), j.Status, err)
		}
	})
}

func TestRetryAfterIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := &replies{all: []func() (*http.Response, error){says(503, "Retry-After: 7", ""), says(202, "", `{"accepted":3}`)}}
		n, err := through(network).Send(t.Context(), []byte("{}\n"), false)
		if err != nil || n != 3 || len(network.at) != 2 || network.at[1].Sub(network.at[0]) != 7*time.Second {
			t.Errorf("%d accepted after tries at %v: %v", n, network.at, err)
		}
	})
}

func TestTryingAgainEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		network := &replies{all: []func() (*http.Response, error){breaks(io.EOF)}}
		if _, err := through(network).Job(ctx, false); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
}

func TestARequestHasTheTokenTheRegionAndTheRange(t *testing.T) {
	network := &replies{all: []func() (*http.Response, error){says(200, "", `{"entries":5,"bytes":6,"requests":7,"seconds":8}`)}}
	from := time.Date(2026, 11, 24, 11, 0, 0, 5e6, time.FixedZone("", 3600))
	got, err := through(network).Estimate(t.Context(), from, from.Add(time.Hour))
	want := Estimate{Entries: 5, Bytes: 6, Requests: 7, Seconds: 8, Raw: []byte(`{"entries":5,"bytes":6,"requests":7,"seconds":8}`)}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v: %s", err, diff)
	}
	sent := network.sent[0]
	if url := sent.URL.String(); url != "http://reprise.test/v2/audit-log-replay-job/estimate?end_at=2026-11-24T11%3A00%3A00.005Z&start_at=2026-11-24T10%3A00%3A00.005Z" {
		t.Errorf("asked for %s", url)
	}
	if sent.Header.Get("Authorization") != "Bearer rpr_secret" || sent.Header.Get("Reprise-Region") != "eu" {
		t.Errorf("headers: %v", sent.Header)
	}
}

func TestAPatchSaysOnlyWhatIsGiven(t *testing.T) {
	network := &replies{all: []func() (*http.Response, error){says(200, "", `{}`)}}
	off, cef := false, "cef"
	if _, err := through(network).SetWebhook(t.Context(), Patch{Enabled: &off, Format: &cef}); err != nil {
		t.Fatal(err)
	}
	if body, _ := io.ReadAll(network.sent[0].Body); string(body) != `{"enabled":false,"log_format":"cef"}` {
		t.Errorf("sent %s", body)
	}
}

func TestARefusalSaysWhatTheProblemSays(t *testing.T) {
	network := &replies{all: []func() (*http.Response, error){says(400, "", `{"status":400,"title":"Bad Request","instance":"reprise:trace:7","detail":"Invalid time range",
		"invalid_parameters":[{"field":"start_at","rule":"invalid","reason":"must be within the last seven days"},{"field":"end_at","rule":"invalid","reason":"must not be in the future"}]}`)}}
	_, err := through(network).Replay(t.Context(), time.Now(), time.Now())
	var got *Refusal
	if !errors.As(err, &got) {
		t.Fatalf("got %v", err)
	}
	want := &Refusal{
		What: "PUT /v2/audit-log-replay-job", Status: 400, Title: "Bad Request", Detail: "Invalid time range", Instance: "reprise:trace:7",
		Invalid: []Invalid{{"start_at", "invalid", "must be within the last seven days"}, {"end_at", "invalid", "must not be in the future"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if said := err.Error(); said != "PUT /v2/audit-log-replay-job: answered 400 Bad Request: Invalid time range; start_at: must be within the last seven days; end_at: must not be in the future" {
		t.Error(said)
	}
}

func TestWhatOthersSayIsFitForATerminal(t *testing.T) {
	c := New(Config{API: "http://reprise.test", Token: "tok-secret", Now: time.Now})
	for name, reply := range map[string]func() (*http.Response, error){
		"a gateway's page":     says(403, "", "<b>\x1b\u202e\u2028[31mtok-secret\x07\r\n rpr_other\xff</b>"),
		"a problem":            says(403, "", `{"title":"Forbidden","detail":"<b>\u001b[31mtok-secret\u0007\r\n rpr_other</b>"}`),
		"no answer in a shape": says(200, "", "<b>\x1b\u202e\u2028[31mtok-secret\x07\r\n rpr_other</b>"),
	} {
		c.http.Transport = &replies{all: []func() (*http.Response, error){reply}}
		_, err := c.Job(t.Context(), false)
		if err == nil || !strings.Contains(err.Error(), "<b>[31m*** ") || !strings.Contains(err.Error(), " rpr_***</b>") || strings.ContainsAny(err.Error(), "\x1b\x07\r\n\u202e\u2028") {
			t.Errorf("%s: %q", name, err)
		}
	}
}

func TestATokenThatIsCutOffIsNotSaid(t *testing.T) {
	for _, code := range []int{200, 502} {
		c := New(Config{API: "http://reprise.test", Token: "tok-secret", Now: time.Now})
		c.http.Transport = &replies{all: []func() (*http.Response, error){says(code, "Retry-After: 60", strings.Repeat("x", maxSaid-5)+"tok-secret")}}
		if _, err := c.Job(t.Context(), false); err == nil || strings.Contains(err.Error(), "tok") || !strings.Contains(err.Error(), "x***") {
			t.Errorf("%d: %v", code, err)
		}
	}
}

func TestATokenThatAHeaderRepeatsIsNotSaid(t *testing.T) {
	for _, location := range []string{"/tok-secret/rpr_other", "/tok-secret\x1b/rpr_other", "/tok-\u202esecret/rp\u200br_other"} { // read; complained about by net/http; whole once it is cleaned
		synctest.Test(t, func(t *testing.T) {
			c := New(Config{API: "http://reprise.test", Token: "tok-secret", Now: time.Now})
			c.http.Transport = &replies{all: []func() (*http.Response, error){says(301, "Location: "+location, "")}}
			_, err := c.Job(t.Context(), false)
			if err == nil || strings.Contains(err.Error(), "tok-secret") || !strings.Contains(err.Error(), "/***") || !strings.Contains(err.Error(), "/rpr_***") {
				t.Errorf("%q", err)
			}
		})
	}
}

func TestATokenGoesNowhereElse(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the redirect was followed") }))
	defer elsewhere.Close()
	for _, code := range []int{301, 302, 303, 307, 308} {
		server := httptest.NewServer(http.RedirectHandler(elsewhere.URL, code))
		_, err := New(Config{API: server.URL, Token: "rpr_secret", Now: time.Now}).Job(t.Context(), false)
		server.Close()
		var got *Refusal
		if !errors.As(err, &got) || got.Status != code || got.Location != elsewhere.URL {
			t.Errorf("%d: %v", code, err)
		}
	}
}

func TestAnErrorOfTheNetworkSaysWhoWasAskedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := &replies{all: []func() (*http.Response, error){breaks(io.ErrUnexpectedEOF)}}
		_, err := through(network).Job(t.Context(), true)
		if err == nil || err.Error() != "GET http://reprise.test/v2/audit-log-replay-job: no answer: unexpected EOF" {
			t.Errorf("got %v", err)
		}
	})
}

func TestTheBaseOfAnAPIIsAHostAlone(t *testing.T) {
	for text, want := range map[string]string{
		"http://127.0.0.1:8080": "http://127.0.0.1:8080", "https://us.api.example.com/": "https://us.api.example.com", "https://[::1]:8443": "https://[::1]:8443",
		"": "", "127.0.0.1:8080": "", "ftp://x": "", "http://": "", "https://x/v2": "", "https://u:p@x": "", "https://x?": "", "https://x?a=b": "", "https://x#f": "", "http://\x00": "",
	} {
		if got, err := ParseAPI(text); got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
}

func TestATokenIsWhatAHeaderMayHold(t *testing.T) {
	for token, good := range map[string]bool{"rpr_abc-_9": true, "": false, "a b": false, "a\n": false, "é": false, "\x1b": false} {
		if err := CheckToken(token); (err == nil) != good || err != nil && token != "" && strings.Contains(err.Error(), token) {
			t.Errorf("%q: %v", token, err)
		}
	}
}

func TestWhatIsNotPrintableIsTakenOut(t *testing.T) {
	if got := Printable("a\u202eb\u2028\x1b[31m\xff\x9b\u009bc\n\td"); got != "ab[31mc  d" {
		t.Errorf("%q", got)
	}
}
