package console_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/chromedp/chromedp/kb"
	"github.com/google/go-cmp/cmp"

	"reprise/shared/stack"
	"reprise/shared/stacktest"
)

// TestTheReadmesFirstWalkGoesAsPrinted goes the section "A first replay" of README.md: each command, in its terminal, by bash, as
// it stands there; the page's step in Chromium, by the names that are bold there. What is printed must be what came, but for what
// mask says. It takes the ports of the README, so it runs where nothing else does (WHOLE=1, by make slow).
func TestTheReadmesFirstWalkGoesAsPrinted(t *testing.T) {
	if os.Getenv("WHOLE") != "1" {
		t.Skip("SKIPPED: it takes the ports 8080 and 8090 for itself: make slow, or WHOLE=1")
	}
	for _, address := range []string{"127.0.0.1:8080", "127.0.0.1:8090"} {
		l, err := net.Listen("tcp", address)
		if err != nil {
			stacktest.Need(t, &stack.Missing{Err: fmt.Errorf("README.md has the service on 8080 and the receiver on 8090: end what listens there: %w", err)})
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	w := &walk{t: t, folder: fresh(t), terminals: map[string]*terminal{}}
	for _, step := range steps(t) {
		if len(step.page) > 0 {
			w.page(step.page)
		} else {
			w.block(step)
		}
	}
	w.end("2")
	w.end("1")
}

// step is a block of one terminal, or what is to be done on the page.
type step struct {
	terminal string
	lines    []string
	page     []string // the names of what is to be used, in their order
}

var (
	blocks = regexp.MustCompile("(?s)\\*\\*Terminal (\\d)\\*\\*\n\n```\n(.*?)\n```|Now the page: ([^\n]*)")
	bold   = regexp.MustCompile(`\*\*(.+?)\*\*`)
)

// steps reads the section.
func steps(t *testing.T) (all []step) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, ok := strings.Cut(string(text), "\n## A first replay\n")
	if !ok {
		t.Fatal(`README.md has no section "A first replay"`)
	}
	section, _, _ = strings.Cut(section, "\n## ")
	for _, found := range blocks.FindAllStringSubmatch(section, -1) {
		s := step{terminal: found[1], lines: strings.Split(found[2], "\n")}
		for _, name := range bold.FindAllStringSubmatch(found[3], -1) {
			s.page = append(s.page, name[1])
		}
		all = append(all, s)
	}
	if fences := strings.Count(section, "\n```\n"); len(all) < 2 || fences != 2*(len(all)-1) { // one step is the page's
		t.Fatalf("%d steps in %d fences: a block has no terminal", len(all), fences/2)
	}
	return all
}

// fresh is a folder as a clone is: all of the repository by links, nothing built, no data.
func fresh(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	for _, name := range []string{"Makefile", "go.mod", "go.sum", "cmd", "shared"} {
		if err := os.Symlink(filepath.Join(root, name), filepath.Join(folder, name)); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// walk is one that is gone.
type walk struct {
	t         *testing.T
	folder    string
	terminals map[string]*terminal
	token     string // as it was shown, to be pasted
}

// block goes the commands of a block, or looks at what the one that runs in its terminal has said since.
func (w *walk) block(s step) {
	w.t.Helper()
	for len(s.lines) > 0 {
		command, typed := strings.CutPrefix(s.lines[0], "$ ")
		if typed {
			s.lines = s.lines[1:]
		} else {
			command = ""
		}
		next := slices.IndexFunc(s.lines, func(line string) bool { return strings.HasPrefix(line, "$ ") })
		if next < 0 {
			next = len(s.lines)
		}
		want := s.lines[:next]
		s.lines = s.lines[next:]
		if w.terminals[s.terminal] == nil {
			w.terminals[s.terminal] = w.open()
		}
		got := w.terminals[s.terminal].run(command, want)
		w.compare(s, command, want, got)
		if command == "echo $REPRISE_TOKEN" {
			w.token = got[0]
		}
		if n := strings.Count(strings.Join(got, "\n"), "GET /orders/"); command == "" && n != 20 {
			w.t.Fatalf("terminal %s shows %d of the entries, want 20, each once: %q", s.terminal, n, got)
		}
	}
}

func (w *walk) compare(s step, what string, want, got []string) {
	w.t.Helper()
	if diff := cmp.Diff(mask(want), mask(cut(want, got))); diff != "" {
		w.t.Fatalf("terminal %s: %s: README.md (-) is not what came (+):\n%s", s.terminal, what, diff)
	}
}

// masks are what differs from one walk to the next: times, to the second or finer; how long something took; what
// was made by chance, a token and its id. Nothing else may.
var masks = []struct {
	differs *regexp.Regexp
	by      string
}{
	{regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`), "TIME"},
	{regexp.MustCompile(`\(\d+ ms\)`), "(N ms)"},
	{regexp.MustCompile(`after \d+\.\d s\.$`), "after N s."},
	{regexp.MustCompile(`its id is [0-9a-f]{12}\.$`), "its id is ID."},
	{regexp.MustCompile(`^rpr_(…|[\w-]{43})$`), "rpr_TOKEN"},
}

func mask(lines []string) []string {
	masked := []string{}
	for _, line := range lines {
		for _, m := range masks {
			line = m.differs.ReplaceAllString(line, m.by)
		}
		masked = append(masked, line)
	}
	return masked
}

// cut has what came say … where what is printed does: for any number of lines, up to the one that is printed next.
func cut(want, got []string) (short []string) {
	for i, line := range want {
		if line != "…" {
			if len(got) > 0 {
				short, got = append(short, got[0]), got[1:]
			}
			continue
		}
		short = append(short, "…")
		if i == len(want)-1 {
			return short
		}
		for next := mask(want[i+1 : i+2])[0]; len(got) > 0 && mask(got[:1])[0] != next; got = got[1:] {
		}
	}
	return append(short, got...)
}

// A terminal is a bash that reads what is typed, and what was said in it.
type terminal struct {
	w    *walk
	cmd  *exec.Cmd
	keys io.WriteCloser

	mu    sync.Mutex
	said  bytes.Buffer
	grown chan struct{} // has a place for one who was told that something was said
}

func (x *terminal) Write(b []byte) (int, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	select {
	case x.grown <- struct{}{}:
	default:
	}
	return x.said.Write(b)
}

func (w *walk) open() *terminal {
	w.t.Helper()
	x := &terminal{w: w, cmd: exec.Command("bash"), grown: make(chan struct{}, 1)}
	x.cmd.Dir, x.cmd.Stdout, x.cmd.Stderr = w.folder, x, x
	x.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // so that Ctrl-C means it alone
	for _, setting := range os.Environ() {
		if !strings.HasPrefix(setting, "REPRISE_") && !strings.HasPrefix(setting, "MAKE") && !strings.HasPrefix(setting, "MFLAGS") {
			x.cmd.Env = append(x.cmd.Env, setting)
		}
	}
	x.cmd.Env = append(x.cmd.Env, "REPRISE_CONFIG="+filepath.Join(w.folder, "config.yaml"))
	var err error
	if x.keys, err = x.cmd.StdinPipe(); err != nil {
		w.t.Fatal(err)
	}
	if err := x.cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = syscall.Kill(-x.cmd.Process.Pid, syscall.SIGKILL) }) // none where it ended
	return x
}

// run types a command. It returns what was said up to its end; of one that goes on, as servers do, up to the last line that is wanted.
func (x *terminal) run(command string, want []string) []string {
	x.w.t.Helper()
	const over = "the command is over: "
	goesOn := command == "" || command == "make run" || strings.HasPrefix(command, "bin/reprise listen ")
	typed := command + "\n"
	if !goesOn {
		typed += "echo '" + over + "'$?\n"
	}
	if command == "" {
		typed = ""
	}
	if _, err := io.WriteString(x.keys, typed); err != nil {
		x.w.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(x.w.t.Context(), 3*patience) // make run builds
	defer cancel()
	for {
		x.mu.Lock()
		lines := strings.SplitAfter(x.said.String(), "\n")
		x.mu.Unlock()
		for i, line := range lines[:len(lines)-1] {
			if status, ok := strings.CutPrefix(line, over); ok {
				if status != "0\n" {
					x.w.t.Fatalf("%s: exit status %s after %q", command, status, lines[:i])
				}
				x.take(lines[:i+1])
				return plain(lines[:i])
			}
			if goesOn && reached(want, line) {
				x.take(lines[:i+1])
				return plain(lines[:i+1])
			}
		}
		select {
		case <-x.grown:
		case <-ctx.Done():
			x.w.t.Fatalf("%s: not over, after %q", command, lines)
		}
	}
}

// reached reports whether a line is the last that is wanted, but for ….
func reached(want []string, line string) bool {
	for _, last := range slices.Backward(want) {
		if last != "…" {
			return slices.Equal(mask(plain([]string{line})), mask([]string{last}))
		}
	}
	return true
}

func plain(lines []string) (all []string) {
	for _, line := range lines {
		all = append(all, strings.TrimSuffix(line, "\n"))
	}
	return all
}

// take forgets what was looked at.
func (x *terminal) take(lines []string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.said.Next(len(strings.Join(lines, "")))
}

// end presses Ctrl-C in a terminal, and closes it.
func (w *walk) end(name string) {
	w.t.Helper()
	x := w.terminals[name]
	if err := errors.Join(syscall.Kill(-x.cmd.Process.Pid, syscall.SIGINT), x.keys.Close()); err != nil {
		w.t.Fatal(err)
	}
	_ = x.cmd.Wait() // bash tells of the signal
}

// page does what the README says of it; each name that is bold there has its place here.
func (w *walk) page(names []string) {
	w.t.Helper()
	p := (&world{t: w.t, url: "http://127.0.0.1:8080"}).visit()
	p.show("/")
	for _, name := range names {
		switch name {
		case "Token":
			p.enter(w.token, at{"textbox", name})
		case "Sign in", "Send Replay":
			p.push(append(card(name), at{"button", name})...)
		case "us":
			p.find(us)
		case "Replay":
			p.choose(kb.ArrowRight, us, at{"tablist", ""}, at{"tab", name})
		case "Last hour":
			p.choose(kb.ArrowRight, us, timeRange, at{"radio", name})
		default:
			w.t.Fatalf("README.md names %q on the page, and nobody here knows what it is", name)
		}
	}
	p.shows("20 entries acknowledged", us)
	p.shows("Completed", us, at{"table", "Latest replay, us"})
}

// card is where a button is.
func card(button string) []at {
	if button == "Sign in" {
		return nil
	}
	return []at{us}
}
