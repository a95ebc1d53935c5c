package boot_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/google/go-cmp/cmp"
	"github.com/oklog/ulid/v2"

	"reprise/shared/boot"
)

// starts is what a main may ask for; each runs in a process of its own, which is this test's program started again.
func starts() map[string]func(*boot.Boot) {
	return map[string]func(*boot.Boot){
		"nothing":   func(*boot.Boot) {},
		"jobs":      func(b *boot.Boot) { b.Jobs() },
		"slices":    func(b *boot.Boot) { b.Slices() },
		"entries":   func(b *boot.Boot) { b.Entries() },
		"counts":    func(b *boot.Boot) { b.Counts() },
		"webhooks":  func(b *boot.Boot) { b.Webhooks() },
		"tokens":    func(b *boot.Boot) { b.Tokens() },
		"keys":      func(b *boot.Boot) { b.Keys() },
		"queue":     func(b *boot.Boot) { b.Queue() },
		"deadqueue": func(b *boot.Boot) { b.DeadQueue() },
		"lanes":     func(b *boot.Boot) { fmt.Print(b.Lanes()) },
		"guard":     func(b *boot.Boot) { fmt.Printf("%+v", b.Guard()) },
		"regions":   func(b *boot.Boot) { fmt.Printf("%+v", b.Regions()) },
		"cefhost":   func(b *boot.Boot) { fmt.Print(b.CEFHost()) },
		"logs": func(*boot.Boot) {
			slog.Debug("too fine")
			slog.Info("fine", "job", "J")
			log.Print("net/http's word")
		},
		"fails": func(*boot.Boot) {
			lambda.Start(func(context.Context) error { return errors.New("the sweep's trouble") })
		},
	}
}

func TestMain(m *testing.M) {
	if start := starts()[os.Getenv("BOOT_TEST")]; start != nil {
		start(boot.Start())
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// start runs one of starts with this environment and no other.
func start(t *testing.T, what string, env ...string) (out, logged string, code int) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append([]string{"BOOT_TEST=" + what}, env...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err = cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()
}

// wrong is the one line of a start that ends.
type wrong struct{ Level, Msg, Setting, Err string }

func TestASettingThatIsMissingOrWrongEndsTheStartByItsName(t *testing.T) {
	const aws, level = "AWS_REGION=us-east-1", "LOG_LEVEL=info"
	rows := []struct {
		what     string
		env      []string
		name, is string
	}{
		{"nothing", nil, "LOG_LEVEL", "is missing"},
		{"nothing", []string{"LOG_LEVEL=loud"}, "LOG_LEVEL", `slog: level string "loud": unknown name`},
		{"jobs", []string{level, "JOBS_TABLE=j"}, "AWS_REGION", "is missing"},
		{"jobs", []string{level, aws}, "JOBS_TABLE", "is missing"},
		{"jobs", []string{level, aws, "JOBS_TABLE="}, "JOBS_TABLE", "is missing"},
		{"slices", []string{level, aws}, "SLICES_TABLE", "is missing"},
		{"entries", []string{level, aws}, "ENTRIES_TABLE", "is missing"},
		{"counts", []string{level, aws}, "COUNTS_TABLE", "is missing"},
		{"webhooks", []string{level, aws}, "WEBHOOKS_TABLE", "is missing"},
		{"tokens", []string{level, aws}, "TOKENS_TABLE", "is missing"},
		{"keys", []string{level, aws}, "KEYS_TABLE", "is missing"},
		{"queue", []string{level, aws}, "SLICE_QUEUE_URL", "is missing"},
		{"queue", []string{level, "SLICE_QUEUE_URL=u"}, "AWS_REGION", "is missing"},
		{"deadqueue", []string{level, aws}, "DEAD_QUEUE_URL", "is missing"},
		{"lanes", []string{level}, "LANES", "is missing"},
		{"lanes", []string{level, "LANES=four"}, "LANES", `strconv.Atoi: parsing "four": invalid syntax`},
		{"lanes", []string{level, "LANES=0"}, "LANES", "must be from 1 to 32, not 0"},
		{"lanes", []string{level, "LANES=33"}, "LANES", "must be from 1 to 32, not 33"},
		{"guard", []string{level}, "ALLOW_INSIDE", "is missing"},
		{"guard", []string{level, "ALLOW_INSIDE=maybe"}, "ALLOW_INSIDE", "must be true or false"},
		{"cefhost", []string{level}, "CEF_HOST", "is missing"},
		{"cefhost", []string{level, "CEF_HOST=a b"}, "CEF_HOST", `"a b" must be 1 to 253 letters, digits, dots, hyphens, underscores and colons`},
		{"guard", []string{level, "ALLOW_INSIDE=false"}, "WEBHOOK_PORTS", "is missing"},
		{"guard", []string{level, "ALLOW_INSIDE=false", "WEBHOOK_PORTS=443, 8443"}, "WEBHOOK_PORTS", `must be numbers from 1 to 65535 with commas between, not "443, 8443"`},
		{"regions", []string{level}, "REGIONS", "is missing"},
		{"regions", []string{level, "REGIONS=us,eu"}, "DEFAULT_REGION", "is missing"},
		{"regions", []string{level, "REGIONS=us,,eu", "DEFAULT_REGION=us"}, "REGIONS", `"" cannot begin a host name: 1 to 63 of a-z, 0-9 and -, not beginning or ending with -`},
		{"regions", []string{level, "REGIONS=us,global", "DEFAULT_REGION=us"}, "REGIONS", "no region can be named global: that host means every region"},
		{"regions", []string{level, "REGIONS=us,eu", "DEFAULT_REGION=au"}, "DEFAULT_REGION", `"au" is none of us,eu`},
		{"regions", []string{level, "REGIONS=us", "DEFAULT_REGION=us", "DOMAIN=https://x"}, "DOMAIN", `"https://x" is no domain name: 1 to 63 of a-z, 0-9 and -, not beginning or ending with -`},
	}
	for _, row := range rows {
		t.Run(row.what+" "+strings.Join(row.env, " "), func(t *testing.T) {
			t.Parallel()
			_, logged, code := start(t, row.what, row.env...)
			var got wrong
			if err := json.Unmarshal([]byte(logged), &got); err != nil { // one line, or it would not be JSON
				t.Errorf("%v: %q", err, logged)
			}
			want := wrong{"ERROR", "the function cannot start: a setting is missing or wrong", row.name, row.is}
			if diff := cmp.Diff(want, got); diff != "" || code != 1 {
				t.Errorf("exit %d (-want +got):\n%s", code, diff)
			}
		})
	}
}

func TestAStartWithItsSettingsSaysNothing(t *testing.T) {
	all := []string{
		"LOG_LEVEL=info", "AWS_REGION=us-east-1", "JOBS_TABLE=j", "SLICES_TABLE=s", "ENTRIES_TABLE=e", "COUNTS_TABLE=c", "WEBHOOKS_TABLE=w", "TOKENS_TABLE=t",
		"KEYS_TABLE=k", "SLICE_QUEUE_URL=u", "DEAD_QUEUE_URL=d", "LANES=4", "ALLOW_INSIDE=false", "WEBHOOK_PORTS=443,8443",
		"REGIONS=us,eu", "DEFAULT_REGION=eu", "DOMAIN=", "CEF_HOST=konghq.com",
	}
	want := map[string]string{
		"lanes": "4", "guard": "{AllowInside:false AllowHTTP:false Ports:[443 8443]}", "regions": "{Known:[us eu] Default:eu Domain:}",
		"cefhost": "konghq.com",
	}
	for what := range starts() {
		if what == "fails" {
			continue
		}
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			out, logged, code := start(t, what, all...)
			if code != 0 || out != want[what] || (logged != "") != (what == "logs") {
				t.Errorf("exit %d: %q, log %q", code, out, logged)
			}
		})
	}
}

func TestADevelopersMachineTakesWebhooksOnAnyPort(t *testing.T) {
	out, logged, code := start(t, "guard", "LOG_LEVEL=info", "ALLOW_INSIDE=true", "WEBHOOK_PORTS=443")
	if code != 0 || out != "{AllowInside:true AllowHTTP:true Ports:[]}" {
		t.Errorf("exit %d: %q, log %q", code, out, logged)
	}
}

func TestLogLinesAreJSONFromTheLevelUp(t *testing.T) {
	_, logged, _ := start(t, "logs", "LOG_LEVEL=info")
	var line struct{ Level, Msg, Job string }
	if err := json.Unmarshal([]byte(logged), &line); err != nil || line.Level != "INFO" || line.Msg != "fine" || line.Job != "J" {
		t.Errorf("%v: %s", err, logged)
	}
	if _, logged, _ := start(t, "logs", "LOG_LEVEL=warn"); logged != "" {
		t.Errorf("at warn it says %s", logged)
	}
}

func TestAnIDIsAULIDOfNow(t *testing.T) {
	one, other := boot.NewID(), boot.NewID()
	id, err := ulid.ParseStrict(one)
	if err != nil || one == other || time.Since(ulid.Time(id.Time())).Abs() > time.Minute {
		t.Errorf("%v: %s, %s", err, one, other)
	}
}

// A function that fails is told of by aws-lambda-go, through package log; the process ends as the runtime's API does.
func TestTheLogTellsWhatAFunctionFailedWith(t *testing.T) {
	asked := 0
	runtime := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch asked++; {
		case r.Method == http.MethodPost:
			w.WriteHeader(http.StatusAccepted)
		case asked == 1:
			w.Header().Set("Lambda-Runtime-Aws-Request-Id", "1")
			w.Header().Set("Lambda-Runtime-Deadline-Ms", "9999999999999")
			_, _ = io.WriteString(w, "{}")
		default:
			w.WriteHeader(http.StatusGone)
		}
	}))
	defer runtime.Close()
	_, logged, code := start(t, "fails", "LOG_LEVEL=info", "AWS_LAMBDA_RUNTIME_API="+runtime.Listener.Addr().String())
	lines := strings.SplitAfter(strings.TrimSpace(logged), "\n")
	var got []line
	for _, l := range lines {
		var one line
		if err := json.Unmarshal([]byte(l), &one); err != nil {
			t.Fatalf("%v: %s", err, logged)
		}
		got = append(got, one)
	}
	want := []line{
		{"ERROR", "the function failed", `{"errorMessage":"the sweep's trouble","errorType":"errorString"}`},
		{"ERROR", "the function failed", "failed to GET http://" + runtime.Listener.Addr().String() + "/2018-06-01/runtime/invocation/next: got unexpected status code: 410"},
	}
	if diff := cmp.Diff(want, got); diff != "" || code != 1 {
		t.Errorf("exit %d (-want +got):\n%s", code, diff)
	}
}

// line is one line of the log.
type line struct{ Level, Msg, Err string }
