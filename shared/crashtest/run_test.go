package crashtest

import (
	"cmp"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"reprise/shared/auditlog"
	"reprise/shared/receiver"
)

var (
	seedFlag  = flag.Uint64("seed", 0, "of the crash run's choices; 0 takes one by the clock")
	killsFlag = flag.Int("kills", 0, "how often the crash run kills the process; 0 is as often as usual")
)

// organizations is how many there are. Every other one is quiet: it sends nothing while it has a job. They are many
// because a batch that failed waits as long as it does in production: the others keep the service at work meanwhile.
const organizations = 10

// TestNothingAcknowledgedIsLostWhenTheProcessIsKilled is one long run on one data file.
//
//	go test -run Killed -v ./shared/crashtest -seed 7 -kills 50
func TestNothingAcknowledgedIsLostWhenTheProcessIsKilled(t *testing.T) {
	r := newRun(t, cmp.Or(*seedFlag, uint64(time.Now().UnixNano()>>20)))
	begun := time.Now()
	var actors sync.WaitGroup
	for i, o := range r.orgs {
		if i%2 == 0 {
			actors.Go(o.quiet)
		} else {
			actors.Go(o.produce)
			actors.Go(o.administer)
		}
	}
	kills := cmp.Or(*killsFlag, usualKills)
	for n := range kills {
		if !r.killOnce(n) {
			break
		}
	}
	lasted := time.Since(begun)
	close(r.well)
	actors.Wait()
	if closed(r.dead) {
		t.Fatalf("seed %d: the process ended by itself after %d kills: %v\n%s", r.seed, r.killed, r.process.err, r.process.log.tail())
	}
	r.settle()
	r.report(kills, lasted)
}

// run is the whole of it.
type run struct {
	t    *testing.T
	seed uint64
	data string
	orgs []*org
	hook *hook
	well chan struct{} // closed after the last kill: nothing fails any more, everybody comes to an end
	dead chan struct{} // closed once the process has ended by itself: nobody waits for it any more

	mu      sync.Mutex
	process *process
	meant   *process      // the last one that was ended on purpose
	up      chan struct{} // closed once process serves
	aim     phase
	reached chan struct{} // closed when somebody is at what is aimed at

	random *rand.Rand              // the killer's
	within map[phase]time.Duration // after somebody is at it, the process is killed within this
	fell   map[phase]int
	killed int
	unborn int // killed before they served
}

// phase is what the process is at when it is killed; it may be at several.
type phase string

const (
	intake   phase = "intake"   // a body was sent, its answer was not seen
	planning phase = "planning" // a PUT was sent, and no batch of its job has arrived
	delivery phase = "delivery" // a batch is at the receiver
)

// longest bounds how long after a phase began the process is killed.
const longest = 12 * time.Millisecond

func newRun(t *testing.T, seed uint64) *run {
	r := &run{
		t: t, seed: seed, data: filepath.Join(t.TempDir(), "reprise.db"), well: make(chan struct{}), dead: make(chan struct{}), up: make(chan struct{}),
		random: rand.New(rand.NewPCG(seed, 0)), fell: make(map[phase]int),
		within: map[phase]time.Duration{intake: longest / 3, planning: longest / 3, delivery: longest},
	}
	r.begin()
	keys, err := receiver.JWKS{URL: r.process.base + jwksPath}.Keys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	byName := make(map[string]*ledger)
	r.hook = &hook{
		checker: receiver.New(receiver.Options{Keys: known(keys), Authorization: "Bearer hook"}),
		random:  rand.New(rand.NewPCG(seed, 1)), well: r.well, failed: make(map[string]int),
		came: func(org, job string) { byName[org].came(job); r.at(delivery) },
		took: func(org, job, id string, lines [][]byte) { byName[org].took(job, id, lines) },
	}
	formats := []auditlog.Format{auditlog.JSON, auditlog.CEF, auditlog.CPS}
	for i := range organizations {
		name := fmt.Sprintf("org-%02d", i)
		o := &org{
			run: r, ledger: newLedger(name, formats[i%len(formats)]), sent: make(chan struct{}), token: token(t, r.data, name), base: time.Now().Add(-2 * time.Hour).Truncate(time.Millisecond),
			random: rand.New(rand.NewPCG(seed, uint64(10+i))), choice: rand.New(rand.NewPCG(seed, uint64(1000+i))),
		}
		byName[name] = o.ledger
		r.orgs = append(r.orgs, o)
	}
	server := httptest.NewUnstartedServer(r.hook)
	server.Config.ErrorLog = nil
	server.Start()
	t.Cleanup(server.Close)
	t.Cleanup(func() { r.mean().kill() })
	for _, o := range r.orgs {
		o.configure(server.URL + "/" + o.org)
	}
	return r
}

// begin starts the process, again.
func (r *run) begin() {
	r.t.Helper()
	p, err := serve(r.data)
	if err != nil {
		r.t.Fatalf("seed %d, after %d kills: %v", r.seed, r.killed, err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.process = p
	close(r.up)
	go func() {
		<-p.ended
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.meant != p {
			close(r.dead)
		}
	}()
}

// mean says that the process will be ended.
func (r *run) mean() *process {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.meant = r.process
	return r.process
}

// base is where the service is, once it is there. Its caller ends with the process.
func (r *run) base() string {
	r.mu.Lock()
	up := r.up
	r.mu.Unlock()
	select {
	case <-up:
	case <-r.dead:
		runtime.Goexit()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.process.base
}

// at tells the killer that the process begins to do something.
func (r *run) at(p phase) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.aim == p {
		close(r.reached)
		r.aim = ""
	}
}

// killOnce lets the process live for a moment, aims, kills, and starts it again.
func (r *run) killOnce(n int) bool {
	life := time.Duration(20+r.random.IntN(130)) * unhurried
	if n%4 == 3 { // a slice that gets nowhere in five lives would wait for its visibility
		life = 300*unhurried + 2*life
	}
	aim := []phase{intake, planning, delivery}[n%3]
	after := time.Duration(r.random.Int64N(int64(r.within[aim])))
	patience := 300 * time.Millisecond
	if r.fell[aim] < n/6 {
		patience = 3 * time.Second // a slow machine, where few come this far
	}
	<-time.After(life)
	r.mu.Lock()
	reached := make(chan struct{})
	r.aim, r.reached = aim, reached
	r.mu.Unlock()
	select {
	case <-reached:
	case <-time.After(patience): // at a random moment, then
	}
	<-time.After(after)

	p := r.mean()
	if closed(r.dead) {
		return false
	}
	r.mu.Lock()
	r.up, r.aim = make(chan struct{}), ""
	r.mu.Unlock()
	there := map[phase]bool{intake: r.sending(), planning: r.planning(), delivery: r.hook.busy()}
	for phase, there := range there {
		if there {
			r.fell[phase]++
		}
	}
	p.kill()
	r.correct(aim, closed(reached), there[aim])
	if at := strings.Index(p.log.String(), `"level":"ERROR"`); at >= 0 {
		r.t.Errorf("seed %d: an error in the log of the process before kill %d:\n%s", r.seed, n, p.log.tail())
	}
	r.killed++
	if n%10 == 9 {
		r.stillborn()
	}
	r.begin()
	return true
}

// correct has the next shot at a phase come sooner where this one came when it was over, and later again where it did not:
// how long a phase lasts is the machine's.
func (r *run) correct(aim phase, reached, hit bool) {
	switch {
	case hit:
		r.within[aim] = min(longest, r.within[aim]*5/4)
	case reached:
		r.within[aim] = max(longest/100, r.within[aim]/2)
	}
}

// stillborn starts the process and kills it while it starts.
func (r *run) stillborn() {
	cmd, err := command("serve", "--address", "127.0.0.1:0", "--data", r.data, "--allow-inside")
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		r.t.Fatal(err)
	}
	<-time.After(time.Duration(r.random.IntN(40)) * time.Millisecond)
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	r.unborn++
}

func (r *run) sending() bool {
	for _, o := range r.orgs {
		if o.sending.Load() {
			return true
		}
	}
	return false
}

func (r *run) planning() bool {
	for _, o := range r.orgs {
		o.ledger.mu.Lock()
		at := o.ledger.planning
		o.ledger.mu.Unlock()
		if at {
			return true
		}
	}
	return false
}

// over reports whether everybody is to come to an end.
func (r *run) over() bool { return closed(r.well) }

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// settle ends the service and looks at everything that is left.
func (r *run) settle() {
	if err := r.mean().stop(); err != nil {
		r.t.Errorf("ending it: %v\n%s", err, r.process.log.tail())
	}
	for _, o := range r.orgs {
		o.settle()
		for _, w := range o.wrong {
			r.t.Errorf("seed %d: %s", r.seed, w)
		}
	}
	if s := r.hook.checker.Summary(); s.WrongSignatures+s.BadBatches+s.Unauthorized > 0 {
		r.t.Errorf("seed %d: the receiver: %+v", r.seed, s)
	}
	for what, want := range map[string]string{
		"PRAGMA integrity_check":                              "ok",
		"SELECT count(*) FROM messages":                       "0",
		"SELECT count(*) FROM outbox WHERE handled_at = 0":    "0",
		"SELECT count(*) FROM jobs WHERE status<>'completed'": "0",
	} {
		if got := r.look(what); got != want {
			r.t.Errorf("seed %d: %s: %s, want %s", r.seed, what, got, want)
		}
	}
}

// look is the first column of a query on the file.
func (r *run) look(query string) (text string) {
	conn, err := sqlite.OpenConn(r.data, sqlite.OpenReadOnly)
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	err = sqlitex.ExecuteTransient(conn, query, &sqlitex.ExecOptions{ResultFunc: func(stmt *sqlite.Stmt) error {
		text += stmt.ColumnText(0)
		return nil
	}})
	if err != nil {
		r.t.Error(err)
	}
	return text
}

// report is the line that make test shows.
func (r *run) report(kills int, lasted time.Duration) {
	var acked, came, again, jobs, lost int
	for _, o := range r.orgs {
		acked += o.acked()
		came += o.total
		again += o.again
		jobs += len(o.complete)
		lost += o.lost
	}
	r.t.Logf("crash run, seed %d: %d kills in %s (at intake %d, planning %d, delivery %d), %d more while it started; %d of %d batches failed by the receiver; "+
		"%d entries acknowledged, %d received in %d completed replays, %d duplicates, %d lost",
		r.seed, r.killed, lasted.Round(time.Second), r.fell[intake], r.fell[planning], r.fell[delivery], r.unborn,
		r.hook.refused, r.hook.posts, acked, came, jobs, again, lost)
	for _, p := range []phase{intake, planning, delivery} {
		if kills >= 100 && r.fell[p] < kills/8 {
			r.t.Errorf("only %d of %d kills fell into %s", r.fell[p], kills, p)
		}
	}
	if share := float64(r.hook.refused) / float64(max(1, r.hook.posts)); r.hook.posts >= 300 && (share < 0.1 || share > 0.3) {
		r.t.Errorf("the receiver failed %.2f of the batches", share)
	}
}
