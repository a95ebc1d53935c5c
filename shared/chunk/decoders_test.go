package chunk_test

import (
	"bytes"
	"encoding/binary"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"reprise/shared/auditlog"
	"reprise/shared/chunk"
	"reprise/shared/replay"
)

// oneShot reads each body with one call of zlib, as many receivers do: whatever came behind the member would be lost.
const oneShot = `
import sys, zlib
while size := sys.stdin.buffer.read(4):
    d = zlib.decompressobj(31)
    out = d.decompress(sys.stdin.buffer.read(int.from_bytes(size, "big")))
    assert d.eof and not d.unused_data and not d.unconsumed_tail
    sys.stdout.buffer.write(out)
`

// decoders each join what is in some bodies, and fail where a body is not one member.
func decoders() map[string]func(t *testing.T, bodies [][]byte) string {
	return map[string]func(t *testing.T, bodies [][]byte) string{
		"Go and klauspost": func(t *testing.T, bodies [][]byte) string {
			var got strings.Builder
			for _, body := range bodies {
				got.WriteString(gunzip(t, body))
			}
			return got.String()
		},
		"gzip -dc": func(t *testing.T, bodies [][]byte) string {
			var got strings.Builder
			for _, body := range bodies {
				got.WriteString(pipe(t, body, "gzip", "-dc"))
			}
			return got.String()
		},
		"zlib in one shot": func(t *testing.T, bodies [][]byte) string {
			var all []byte
			for _, body := range bodies {
				all = append(binary.BigEndian.AppendUint32(all, uint32(len(body))), body...)
			}
			return pipe(t, all, "python3", "-c", oneShot)
		},
	}
}

func TestIndependentDecodersReadEachBatchAsOneMember(t *testing.T) {
	large, small := evenly(300, time.Second, 1500), evenly(200, time.Second, 0)
	var bodies [][]auditlog.Entry
	for i := range 40 {
		bodies = append(bodies, evenly(1+i%3, time.Duration(i)*time.Second, 10*i))
	}
	repeated := entry(0, strings.Repeat("far back", 5000)) // matches as long and as far as they get
	tests := map[string]struct {
		chunks []chunk.Chunk
		w      replay.Window
		limit  int
	}{
		"one chunk":                      {pack(t, evenly(10, time.Second, 1500)), allDay(), replay.BatchLimit},
		"many chunks, spliced":           {full(t, 6), allDay(), replay.BatchLimit},
		"the same chunk's bytes twice":   {pack(t, large[:50], large[:50]), allDay(), replay.BatchLimit},
		"a run of tiny chunks":           {pack(t, bodies...), allDay(), replay.BatchLimit},
		"tiny ones among others":         {pack(t, append(bodies, large, small)...), allDay(), 100_000},
		"cut by the window":              {pack(t, large), replay.Window{From: noon.Add(90 * time.Second), To: noon.Add(200 * time.Second)}, replay.BatchLimit},
		"larger than the limit":          {full(t, 1), allDay(), 10_000},
		"a line a batch":                 {pack(t, small[:5]), allDay(), 1},
		"what compresses well":           {pack(t, []auditlog.Entry{repeated, repeated, repeated}), allDay(), replay.BatchLimit},
		"a line as large as may be":      {pack(t, []auditlog.Entry{entry(0, noise(1, auditlog.MaxEntry-100))}), allDay(), replay.BatchLimit},
		"pieces that decode to the same": {pack(t, small[:1], small[:1], large[:20], small[:1]), allDay(), replay.BatchLimit},
	}
	type story struct {
		bodies [][]byte
		want   string
	}
	stories := make(map[string]story)
	for name, test := range tests {
		s := story{want: text(rest(places(t, test.chunks), test.w, replay.Cursor{}))}
		for _, b := range collect(t, chunk.Batches("job", test.w, replay.Cursor{}, test.limit, nil, stored(test.chunks))) {
			s.bodies = append(s.bodies, b.Body)
		}
		stories[name] = s
	}
	for name, decode := range decoders() {
		t.Run(name, func(t *testing.T) {
			for name, story := range stories {
				if got := decode(t, story.bodies); got != story.want || got == "" {
					t.Errorf("%s: got %d bytes of lines, want %d", name, len(got), len(story.want))
				}
			}
		})
	}
}

// pipe is what a program writes when it reads body. Without the program the test is skipped, but not in CI.
func pipe(t testing.TB, body []byte, program string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		missing := "this needs " + program + ": install it with the system's package manager, for example: apt-get install " + program
		if os.Getenv("CI") == "true" {
			t.Fatal(missing)
		}
		t.Skip(missing)
	}
	var out, complaint bytes.Buffer
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(body), &out, &complaint
	if err := cmd.Run(); err != nil || complaint.Len() > 0 {
		t.Fatalf("%s: %v: %s", program, err, complaint.String())
	}
	return out.String()
}
