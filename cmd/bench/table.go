package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// figures is the same figure of several runs.
type figures []float64

func (f figures) min() float64    { return slices.Min(f) }
func (f figures) max() float64    { return slices.Max(f) }
func (f figures) median() float64 { return f.at(0.5) }

// at is the figure that the part q of all does not exceed, between neighbours in proportion.
func (f figures) at(q float64) float64 {
	sorted := slices.Sorted(slices.Values(f))
	place := q * float64(len(sorted)-1)
	low := int(place)
	high := min(low+1, len(sorted)-1)
	return sorted[low] + (sorted[high]-sorted[low])*(place-float64(low))
}

// each is a figure of each run.
func each[T any](runs []T, of func(T) float64) figures {
	var f figures
	for _, r := range runs {
		f = append(f, of(r))
	}
	return f
}

// both is a figure of each pair of runs, which were made one after the other.
func both[T, U any](some []T, others []U, of func(T, U) float64) figures {
	var f figures
	for i := range some {
		f = append(f, of(some[i], others[i]))
	}
	return f
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// goal is what a figure is held to; the empty one is none.
type goal string

func least(v float64) goal { return goal(fmt.Sprintf("≥ %v", v)) }
func most(v float64) goal  { return goal(fmt.Sprintf("≤ %v", v)) }

// met reports whether a figure is as it should be.
func (g goal) met(v float64) bool {
	sign, text, _ := strings.Cut(string(g), " ")
	limit, _ := strconv.ParseFloat(text, 64)
	return sign == "≥" && v >= limit || sign == "≤" && v <= limit
}

// judge writes a figure with its goal.
func (g goal) judge(format string, v float64) string {
	word := "met"
	if !g.met(v) {
		word = "MISSED"
	}
	return fmt.Sprintf("**"+format+"** (goal %s: %s)", v, g, word)
}

// A table is what one part found.
type table struct {
	title string
	head  []string // of its columns; empty: those of row
	rows  [][]string
	notes []string
}

// row adds a figure of several runs, with the goal for its median.
func (t *table) row(what string, g goal, format string, f figures) {
	t.head = []string{"", "min", "median", "max", "goal for the median"}
	verdict := ""
	switch {
	case g == "":
	case g.met(f.median()):
		verdict = string(g) + ": met"
	default:
		verdict = string(g) + ": MISSED"
	}
	t.cells(what, fmt.Sprintf(format, f.min()), fmt.Sprintf(format, f.median()), fmt.Sprintf(format, f.max()), verdict)
}

func (t *table) cells(cells ...string) { t.rows = append(t.rows, cells) }

func (t *table) note(format string, args ...any) {
	t.notes = append(t.notes, fmt.Sprintf(format, args...))
}

// markdown is the table as text that can be read as it is, too.
func (t *table) markdown() string {
	widths := make([]int, len(t.head))
	for _, row := range append(t.rows, t.head) {
		for i, cell := range row {
			widths[i] = max(widths[i], len([]rune(cell)))
		}
	}
	var s strings.Builder
	fmt.Fprintf(&s, "%s.\n\n", strings.ToUpper(t.title[:1])+t.title[1:])
	line := func(row []string) {
		for i, cell := range row {
			fmt.Fprintf(&s, "| %s%s ", cell, strings.Repeat(" ", widths[i]-len([]rune(cell))))
		}
		s.WriteString("|\n")
	}
	line(t.head)
	for i, w := range widths {
		if i == 0 { // words; figures stand to the right
			s.WriteString("|" + strings.Repeat("-", w+2))
			continue
		}
		s.WriteString("|" + strings.Repeat("-", w+1) + ":")
	}
	s.WriteString("|\n")
	for _, row := range t.rows {
		line(row)
	}
	for _, n := range t.notes {
		fmt.Fprintf(&s, "\n%s\n", n)
	}
	return s.String()
}

// put writes a part's text between its two markers in a file of Markdown; what stands around them was written by hand and stays.
func put(file, part, text string) error {
	old, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	begin, end := "<!-- "+part+": measured -->\n", "<!-- "+part+": end -->\n"
	before, rest, found := strings.Cut(string(old), begin)
	_, after, closed := strings.Cut(rest, end)
	if found != closed {
		return fmt.Errorf("%s: of the two marks around %s one is missing", file, part)
	}
	if !found && before != "" {
		before += "\n"
	}
	return os.WriteFile(file, []byte(before+begin+"\n"+text+"\n"+end+after), 0o644)
}

// commas writes 1234567 as 1,234,567.
func commas(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
