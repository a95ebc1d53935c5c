package samples

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"
)

// Sample is one event of events/.
type Sample struct {
	Folder string // of functions/ and of events/
	Name   string
	dir    string
}

const answerSuffix = ".answer.json"

func (s Sample) String() string { return s.Folder + "/" + s.Name }

// All is every sample below the root of the tree, in order.
func All(root string) ([]Sample, error) {
	var all []Sample
	files, err := filepath.Glob(filepath.Join(root, "events", "*", "*.json"))
	for _, file := range files {
		if !strings.HasSuffix(file, answerSuffix) {
			dir := filepath.Dir(file)
			all = append(all, Sample{filepath.Base(dir), strings.TrimSuffix(filepath.Base(file), ".json"), dir})
		}
	}
	return all, err
}

// Find is one of them; the error of one that is not there names those that are.
func Find(root, folder, name string) (Sample, error) {
	all, err := All(root)
	if err != nil {
		return Sample{}, err
	}
	if i := slices.IndexFunc(all, func(s Sample) bool { return s.Folder == folder && s.Name == name }); i >= 0 {
		return all[i], nil
	}
	there := slices.DeleteFunc(slices.Clone(all), func(s Sample) bool { return s.Folder != folder })
	if len(there) == 0 {
		there = all
	}
	return Sample{}, fmt.Errorf("there is no sample %q of function %q: there are %v", name, folder, there)
}

// Event is the sample's text.
func (s Sample) Event() ([]byte, error) { return os.ReadFile(filepath.Join(s.dir, s.Name+".json")) }

// Answer is the text of what is to become of it.
func (s Sample) Answer() ([]byte, error) {
	return os.ReadFile(filepath.Join(s.dir, s.Name+answerSuffix))
}

func (s Sample) writeAnswer(text []byte) error {
	return os.WriteFile(filepath.Join(s.dir, s.Name+answerSuffix), text, 0o644)
}

// filler knows what the placeholders of one run stand for.
type filler struct {
	now   time.Time // a whole second
	names map[string]string
}

func (f filler) fill(text []byte) []byte {
	return regexp.MustCompile(`\{\{[a-z]+(-[0-9a-z]+)?\}\}`).ReplaceAllFunc(text, func(p []byte) []byte {
		name, ago, _ := strings.Cut(string(p[2:len(p)-2]), "-")
		d, err := time.ParseDuration("0s" + ago) // none is no time ago
		at := f.now.Add(-d)
		switch {
		case err == nil && name == "now":
			return []byte(at.Format(time.RFC3339))
		case err == nil && name == "ms":
			return strconv.AppendInt(nil, at.UnixMilli(), 10)
		case f.names[name] != "":
			return []byte(f.names[name])
		}
		return p
	})
}

// empty is the other way round, for the times that worlds have.
func (f filler) empty(text []byte) []byte {
	var pairs []string
	for name, value := range f.names {
		if value != "" {
			pairs = append(pairs, value, "{{"+name+"}}")
		}
	}
	for _, ago := range []string{"48h", "2h", "90m", "1h", "5m"} {
		for _, p := range []string{"{{now-" + ago + "}}", "{{ms-" + ago + "}}"} {
			pairs = append(pairs, string(f.fill([]byte(p))), p)
		}
	}
	return []byte(strings.NewReplacer(pairs...).Replace(string(text)))
}

// event fills an event in, and what is packed in it.
func (f filler) event(text []byte) ([]byte, error) {
	text = f.fill(text)
	var packed struct {
		Body            string
		IsBase64Encoded bool
	}
	if err := json.Unmarshal(text, &packed); err != nil || !packed.IsBase64Encoded {
		return text, err
	}
	body, err := base64.StdEncoding.DecodeString(packed.Body)
	if err != nil {
		return text, nil // a sample of just that
	}
	if unzipped, err := unzip(body); err == nil {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		_, _ = z.Write(f.fill(unzipped)) // into memory: cannot fail
		_ = z.Close()
		body = b.Bytes()
	} else {
		body = f.fill(body)
	}
	return bytes.Replace(text, []byte(packed.Body), []byte(base64.StdEncoding.EncodeToString(body)), 1), nil
}

func unzip(b []byte) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z)
}

// blur replaces what nobody can foretell by its placeholder: ids that were made, and times that were taken, from since until.
func blur(text []byte, since, until time.Time) []byte {
	within := func(at time.Time, err error) bool {
		return err == nil && !at.Before(since.Truncate(time.Millisecond)) && !at.After(until)
	}
	text = regexp.MustCompile(`\b[0-7][0-9A-HJKMNP-TV-Z]{25}\b`).ReplaceAllFunc(text, func(id []byte) []byte {
		if u, err := ulid.ParseStrict(string(id)); within(ulid.Time(u.Time()), err) {
			return []byte("{{id}}")
		}
		return id
	})
	text = regexp.MustCompile(`(duration_ms\\?":)(\d+)`).ReplaceAllFunc(text, func(member []byte) []byte {
		name, ms, _ := bytes.Cut(member, []byte(":"))
		if n, err := strconv.ParseInt(string(ms), 10, 64); err == nil && n <= until.Sub(since).Milliseconds() {
			return slices.Concat(name, []byte(":{{took}}")) // name lies in text
		}
		return member
	})
	return regexp.MustCompile(`\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`).ReplaceAllFunc(text, func(t []byte) []byte {
		if within(time.Parse(time.RFC3339Nano, string(t))) {
			return []byte("{{then}}")
		}
		return t
	})
}
