package boot

import (
	"crypto/rand"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/oklog/ulid/v2"

	"reprise/shared/auditlog"
	"reprise/shared/egress"
	"reprise/shared/replay"
)

// errMissing is what is wrong with a setting that is not there.
var errMissing = errors.New("is missing")

// Boot gives a main what it asks for. Each method reads the settings that it names, when it is called: so a function has in
// its environment what its main asks for, and no more. A setting that is missing or makes no sense ends the process, and the
// log names it; what it would do with it would be worse. Nothing here asks the network.
//
// It is for one goroutine, main's.
type Boot struct {
	config *aws.Config
	db     *dynamodb.Client
	queues *awssqs.Client
}

// Start begins a cold start: from here on log lines are JSON, one each, from LOG_LEVEL (debug, info, warn, error) upwards.
func Start() *Boot {
	level := new(slog.LevelVar)
	slog.SetDefault(slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: level})))
	log.SetFlags(log.Llongfile)
	log.SetOutput(others{})
	b := new(Boot)
	if err := level.UnmarshalText([]byte(b.setting("LOG_LEVEL"))); err != nil {
		b.wrong("LOG_LEVEL", err)
	}
	return b
}

// others is the log of package log, which others than us write to. aws-lambda-go tells there of what a function failed with, and
// of an event that it cannot read. The others' words go nowhere: those of net/http's client have bytes of receivers, which may
// repeat a webhook's authorization, and no log line may hold that (CONTRACT.md §3).
type others struct{}

func (others) Write(line []byte) (int, error) {
	if file, words, _ := strings.Cut(string(line), ": "); strings.Contains(file, "github.com/aws/aws-lambda-go") {
		slog.Error("the function failed", "err", strings.TrimSpace(words))
	}
	return len(line), nil
}

// Regions is what the stack serves: REGIONS, with commas between, DEFAULT_REGION, and DOMAIN, the one setting that may be
// empty or missing (replay.Regions).
func (b *Boot) Regions() replay.Regions {
	r := replay.Regions{Known: strings.Split(b.setting("REGIONS"), ","), Default: b.setting("DEFAULT_REGION"), Domain: os.Getenv("DOMAIN")}
	if err := replay.CheckRegions(r.Known); err != nil {
		b.wrong("REGIONS", err)
	}
	if !slices.Contains(r.Known, r.Default) {
		b.wrong("DEFAULT_REGION", fmt.Errorf("%q is none of %s", r.Default, strings.Join(r.Known, ",")))
	}
	if err := replay.CheckDomain(r.Domain); err != nil {
		b.wrong("DOMAIN", err)
	}
	return r
}

// Lanes is LANES: how many requests a job may have in flight to its webhook, 1 to replay.MaxSlices.
func (b *Boot) Lanes() int {
	n, err := strconv.Atoi(b.setting("LANES"))
	if err == nil && (n < 1 || n > replay.MaxSlices) {
		err = fmt.Errorf("must be from 1 to %d, not %d", replay.MaxSlices, n)
	}
	if err != nil {
		b.wrong("LANES", err)
	}
	return n
}

// Guard is where webhooks may point: on one of WEBHOOK_PORTS, with commas between. ALLOW_INSIDE is false, but where a developer's
// machine plays AWS: true lets them be http and on that machine or network, where any port will do.
func (b *Boot) Guard() egress.Guard {
	inside, err := strconv.ParseBool(b.setting("ALLOW_INSIDE"))
	if err != nil {
		b.wrong("ALLOW_INSIDE", errors.New("must be true or false"))
	}
	ports, err := egress.ParsePorts(b.setting("WEBHOOK_PORTS"))
	if err != nil {
		b.wrong("WEBHOOK_PORTS", err)
	}
	if inside {
		ports = nil
	}
	return egress.Guard{AllowInside: inside, AllowHTTP: inside, Ports: ports}
}

// CEFHost is CEF_HOST: what a line of CEF says after its time (auditlog.CheckHost).
func (b *Boot) CEFHost() string {
	host := b.setting("CEF_HOST")
	if err := auditlog.CheckHost(host); err != nil {
		b.wrong("CEF_HOST", err)
	}
	return host
}

// NewID makes a ULID: sorted by time, and nobody can guess the next one.
func NewID() string { return ulid.MustNew(ulid.Now(), rand.Reader).String() }

// setting is the value of an environment variable, which must be there.
func (b *Boot) setting(name string) string {
	v := os.Getenv(name)
	if v == "" {
		b.wrong(name, errMissing)
	}
	return v
}

// wrong ends the process.
func (b *Boot) wrong(setting string, err error) {
	slog.Error("the function cannot start: a setting is missing or wrong", "setting", setting, "err", err)
	os.Exit(1)
}
