package egress

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"code.dny.dev/ssrf"
	"github.com/google/go-cmp/cmp"

	"reprise/shared/webhook"
)

// Addresses of this machine that no other test uses, so that a port that is free on one is free on the other.
const (
	outside = "127.0.0.2" // stands for an address of the public internet
	within  = "127.0.0.3" // is what it is
)

// town is a receiver outside and, on the same port, somebody inside, whom nobody may ever call.
type town struct {
	t       *testing.T
	client  *Client
	port    int
	hook    webhook.Config
	replies http.HandlerFunc // the receiver's

	mu      sync.Mutex
	dialled []string // the addresses that the guard was asked about
}

// newTown has the guard of production, but for the port and for one address: outside it lets through.
func newTown(t *testing.T, says func(n int) answer) *town {
	aloneOnLinux(t)
	w := &town{t: t, replies: func(http.ResponseWriter, *http.Request) {}}
	w.port = listens(t, outside+":0", func(rw http.ResponseWriter, r *http.Request) { w.replies(rw, r) })
	listens(t, net.JoinHostPort(within, strconv.Itoa(w.port)), func(http.ResponseWriter, *http.Request) { t.Error("somebody called inside") })
	w.client = New(Guard{Ports: []uint16{uint16(w.port)}}, "1", time.Now)
	t.Cleanup(w.client.Close)
	w.client.dialer.Resolver = names(t, says)
	guard := w.client.dialer.ControlContext
	w.client.dialer.ControlContext = func(ctx context.Context, network, address string, c syscall.RawConn) error {
		host, _, err := net.SplitHostPort(address)
		w.mu.Lock()
		w.dialled = append(w.dialled, host)
		w.mu.Unlock()
		if err != nil || host == outside || guard == nil {
			return err
		}
		return guard(ctx, network, address, c)
	}
	w.hook = to("https://hooks.example.com:" + strconv.Itoa(w.port))
	w.hook.SkipVerify = true
	return w
}

// aloneOnLinux skips where this machine's addresses are not all of 127.0.0.0/8.
func aloneOnLinux(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("it needs 127.0.0.2 and the like, which other systems do not have by themselves")
	}
}

// listens is a server with TLS at an address; to connect to it is to call it.
func listens(t *testing.T, address string, h http.HandlerFunc) (port int) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(h)
	_ = s.Listener.Close()
	s.Listener, s.Config.ErrorLog = l, quiet()
	if host, _, _ := net.SplitHostPort(address); host != outside {
		s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
			if state == http.StateNew {
				t.Error("somebody connected inside")
			}
		}
	}
	s.StartTLS()
	t.Cleanup(s.Close)
	return l.Addr().(*net.TCPAddr).Port
}

// post posts on a new connection.
func (w *town) post() webhook.Answer {
	w.client.Close()
	return w.client.Post(w.t.Context(), w.hook, batch([]byte("x")))
}

// refused is a POST that the guard stopped where it dialled: one that is tried again, since the name may lead elsewhere by then.
func (w *town) refused(a webhook.Answer) {
	w.t.Helper()
	if a.Code != 0 || !errors.Is(a.Err, ssrf.ErrProhibitedIP) || a.Message != "endpoint "+errInside.Error() {
		w.t.Errorf("%+v", a)
	}
	if v := webhook.Judge(a, webhook.Try{Now: time.Now(), Patience: time.Hour}, 0); v.Outcome != webhook.Later {
		w.t.Errorf("judged %s", v.Outcome)
	}
}

func (w *town) asked(want ...string) {
	w.t.Helper()
	if d := cmp.Diff(want, w.dialled); d != "" {
		w.t.Errorf("the guard was asked about (-want +got):\n%s", d)
	}
}

func TestANameIsCheckedAnewOnEveryConnection(t *testing.T) {
	w := newTown(t, func(n int) answer { return answer{addrs: []string{[]string{outside, within}[(n-1)%2]}} })
	if err := w.client.guard.CheckEndpoint(w.hook.Endpoint); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if a := w.post(); a.Code != 200 {
			t.Fatalf("%+v", a)
		}
		// On the connection that is there it is the address that was checked: nobody looks the name up.
		if a := w.client.Post(t.Context(), w.hook, batch([]byte("x"))); a.Code != 200 {
			t.Fatalf("%+v", a)
		}
		w.refused(w.post())
	}
	w.asked(outside, within, outside, within, outside, within)
}

func TestAReceiverThatClosesItsConnectionIsCheckedWhenItIsDialledAgain(t *testing.T) {
	w := newTown(t, func(n int) answer { return answer{addrs: []string{[]string{outside, within}[min(n, 2)-1]}} })
	w.replies = func(rw http.ResponseWriter, _ *http.Request) { rw.Header().Set("Connection", "close") }
	if a := w.client.Post(t.Context(), w.hook, batch([]byte("x"))); a.Code != 200 {
		t.Fatalf("%+v", a)
	}
	w.refused(w.client.Post(t.Context(), w.hook, batch([]byte("x"))))
	w.asked(outside, within)
}

func TestANameIsRefusedForEachOfItsAddressesInside(t *testing.T) {
	for _, c := range []struct {
		story string
		answer
	}{
		{"loopback", answer{addrs: []string{within}}},
		{"several, all inside", answer{addrs: []string{within, "10.0.0.1", "169.254.169.254"}}},
		{"metadata", answer{addrs: []string{"169.254.169.254"}}},
		{"IPv6 loopback", answer{addrs: []string{"::1"}}},
		{"both kinds", answer{addrs: []string{"::1", within}}},
		{"IPv4 in an IPv6 answer", answer{addrs: []string{"::ffff:" + within}}},
		{"compatible", answer{addrs: []string{"::" + within}}},
		{"NAT64", answer{addrs: []string{"64:ff9b::7f00:3"}}},
		{"NAT64 of the network's own", answer{addrs: []string{"64:ff9b:1::7f00:3"}}},
		{"6to4", answer{addrs: []string{"2002:7f00:3::"}}},
		{"Teredo", answer{addrs: []string{"2001:0:7f00:3::"}}},
		{"unique local", answer{addrs: []string{"fd00:ec2::254"}}},
		{"another word for a name inside", answer{aliases: []string{"metadata.google.internal"}, addrs: []string{"169.254.169.254"}}},
		{"another word for another word", answer{aliases: []string{"a.example.net", "b.example.org", "localhost"}, addrs: []string{within}}},
	} {
		t.Run(c.story, func(t *testing.T) {
			t.Parallel()
			w := newTown(t, func(int) answer { return c.answer })
			for range 2 {
				w.refused(w.post())
			}
		})
	}
}

func TestOfAnAnswerWithBothOnlyWhatIsOutsideIsDialled(t *testing.T) {
	for _, c := range []struct {
		story string
		addrs []string
	}{
		{"inside first", []string{within, outside}},
		{"outside first", []string{outside, within}},
		{"in the middle", []string{"10.0.0.1", outside, "169.254.169.254"}},
		{"IPv6 inside", []string{"::1", outside}},
	} {
		t.Run(c.story, func(t *testing.T) {
			t.Parallel()
			w := newTown(t, always(c.addrs...))
			for range 2 {
				if a := w.post(); a.Code != 200 {
					t.Errorf("%+v", a)
				}
			}
		})
	}
}

func TestWhatIsOutsideAndDeadDoesNotLeadInside(t *testing.T) {
	w := newTown(t, always(within, "127.0.0.4", "10.0.0.1")) // nobody listens at the one in the middle
	guard := w.client.dialer.ControlContext
	w.client.dialer.ControlContext = func(ctx context.Context, network, address string, c syscall.RawConn) error {
		if address == net.JoinHostPort("127.0.0.4", strconv.Itoa(w.port)) {
			return nil
		}
		return guard(ctx, network, address, c)
	}
	if a := w.post(); a.Code != 0 || a.Err == nil {
		t.Errorf("%+v", a)
	}
}

func TestANameWithoutAnAddressIsAFailureThatPasses(t *testing.T) {
	for story, c := range map[string]struct {
		answer
		want string
	}{
		"nothing":                        {answer{}, "the name of the host was not found"},
		"another word for nothing":       {answer{aliases: []string{"nowhere.example.net"}}, "the name of the host was not found"},
		"no such name":                   {answer{code: noSuchName}, "the name of the host was not found"},
		"the server does not know today": {answer{code: serverFailure}, "the name of the host could not be resolved"},
	} {
		t.Run(story, func(t *testing.T) {
			t.Parallel()
			w := newTown(t, func(int) answer { return c.answer })
			a := w.post()
			if a.Code != 0 || a.Refused || a.Message != c.want {
				t.Errorf("%+v", a)
			}
			w.asked()
		})
	}
}

func TestARedirectIsNotFollowedWhereverItLeads(t *testing.T) {
	for _, code := range []int{300, 301, 302, 303, 304, 305, 307, 308} {
		t.Run(strconv.Itoa(code), func(t *testing.T) {
			t.Parallel()
			w := newTown(t, func(n int) answer { return answer{addrs: []string{[]string{outside, within}[min(n, 2)-1]}} })
			inside := "https://" + within + ":" + strconv.Itoa(w.port) + "/"
			for _, location := range []string{inside, w.hook.Endpoint + "/again", "/", "//127.0.0.1/", "https://metadata.google.internal/", ":"} {
				w.replies = func(rw http.ResponseWriter, r *http.Request) {
					if r.URL.Path != "/" {
						t.Errorf("it was followed to %s", r.URL)
					}
					rw.Header().Set("Location", location)
					rw.WriteHeader(code)
				}
				if a := w.client.Post(t.Context(), w.hook, batch([]byte("x"))); a.Code != code {
					t.Errorf("%s: %+v", location, a)
				}
			}
			w.asked(outside)
		})
	}
}
