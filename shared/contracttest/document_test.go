package contracttest

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// A sentence is a rule of the contract: a piece of an item, which is a heading, a bullet, a row of a table, a paragraph or a
// line of a sample.
type sentence struct {
	line int // of its item
	text string
}

// An item is what stands by itself in the document, its line breaks gone.
type item struct {
	section string // "1"
	line    int
	text    string
}

// document is the contract as it lies in docs.
func document(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/contract.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// items is every item of the numbered sections: what stands before the first one says what the document is.
func items(doc string) (all []item) {
	heading := regexp.MustCompile(`^## ([0-9]+)\. `)
	section, sample := "", false
	open := false // more of the last item may follow
	for i, line := range strings.Split(doc, "\n") {
		if h := heading.FindStringSubmatch(line); h != nil {
			section = h[1]
		}
		if strings.HasPrefix(line, "```") {
			sample, open = !sample, false
			continue
		}
		switch text := strings.TrimSpace(line); {
		case section == "":
		case text == "" || strings.HasPrefix(text, "|---"):
			open = false
		case open && !sample && !strings.HasPrefix(text, "|") && !strings.HasPrefix(text, "- "):
			all[len(all)-1].text += " " + text
		default:
			all = append(all, item{section, i + 1, strings.TrimPrefix(text, "- ")})
			open = !strings.HasPrefix(text, "#")
		}
	}
	return withoutHeads(all)
}

// withoutHeads leaves out the first row of each table, which names its columns.
func withoutHeads(all []item) (kept []item) {
	for i, it := range all {
		if strings.HasPrefix(it.text, "|") && (i == 0 || !strings.HasPrefix(all[i-1].text, "|") || all[i-1].line < it.line-1) && i+1 < len(all) && all[i+1].line == it.line+2 {
			continue
		}
		kept = append(kept, it)
	}
	return kept
}

// sentences cuts an item where one ends and another begins.
func (it item) sentences() (all []sentence) {
	if strings.HasPrefix(it.text, "|") || strings.HasPrefix(it.text, "#") || strings.HasPrefix(it.text, "{") {
		return []sentence{{it.line, it.text}}
	}
	end := regexp.MustCompile("[.!?](\\*\\*)?\\)? +[A-Z`*0-9]")
	rest := it.text
	for {
		at := end.FindStringIndex(rest)
		if at == nil {
			return append(all, sentence{it.line, rest})
		}
		all = append(all, sentence{it.line, strings.TrimSpace(rest[:at[1]-1])})
		rest = rest[at[1]-1:]
	}
}

func TestTheDocumentIsReadSentenceBySentence(t *testing.T) {
	const doc = "# The contract\n\nWhat it is. Who reads it.\n\n## 1. Hosts\n\n- One rule. Another\n  one: `a`. **Bold.** Then `b`.\n- A second (in brackets.) Third.\n\n| case | answer |\n|---|---|\n| x. Y | 400. Z |\n| y | 500 |\n\nA paragraph,\non two lines.\n\n```\n{\"a\":1}\n{\"b\":2}\n```"
	want := []sentence{
		{5, "## 1. Hosts"},
		{7, "One rule."},
		{7, "Another one: `a`."},
		{7, "**Bold.**"},
		{7, "Then `b`."},
		{9, "A second (in brackets.)"},
		{9, "Third."},
		{13, "| x. Y | 400. Z |"},
		{14, "| y | 500 |"},
		{16, "A paragraph, on two lines."},
		{20, `{"a":1}`},
		{21, `{"b":2}`},
	}
	var got []sentence
	for _, it := range items(doc) {
		got = append(got, it.sentences()...)
	}
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) || got[i] != want[i] {
			t.Fatalf("sentence %d: got %v\nwant %v", i, got[min(i, len(got)):], want[min(i, len(want)):])
		}
	}
}
