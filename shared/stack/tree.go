package stack

import (
	"fmt"
	"strconv"
	"time"
)

// tree is a value of the template; what is not there is empty, as CloudFormation has it.
type tree struct{ v any }

func (t tree) at(path ...string) tree {
	for _, key := range path {
		m, _ := t.v.(map[string]any)
		t = tree{m[key]}
	}
	return t
}

func (t tree) there() bool { return t.v != nil }

func (t tree) text() string {
	if t.v == nil {
		return ""
	}
	return fmt.Sprint(t.v)
}

// number is -1 where there is none.
func (t tree) number() int {
	n, err := strconv.Atoi(t.text())
	if err != nil {
		return -1
	}
	return n
}

func (t tree) seconds() time.Duration { return time.Duration(max(0, t.number())) * time.Second }

func (t tree) mapping() map[string]any {
	m, _ := t.v.(map[string]any)
	return m
}

// list is the values of a list; one value alone is a list of it, as in a policy's Action.
func (t tree) list() []tree {
	switch v := t.v.(type) {
	case nil:
		return nil
	case []any:
		all := make([]tree, 0, len(v))
		for _, inner := range v {
			all = append(all, tree{inner})
		}
		return all
	default:
		return []tree{t}
	}
}

func (t tree) texts() []string {
	var all []string
	for _, inner := range t.list() {
		all = append(all, inner.text())
	}
	return all
}
