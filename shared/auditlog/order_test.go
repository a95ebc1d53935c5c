package auditlog

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestMembersComeInByteOrderHoweverManyThereAre(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for n := range 100 {
		members := []string{`"event_class_id":"access"`, `"name":"Ingress"`, `"org_id":` + string(quote(org)), fmt.Sprintf(`"rt":%d`, now().UnixMilli())}
		for i := range n {
			members = append(members, fmt.Sprintf(`"%s%d":%d`, strings.Repeat("x", rng.IntN(3)), rng.IntN(1000)*100+i, i))
		}
		rng.Shuffle(len(members), func(i, j int) { members[i], members[j] = members[j], members[i] })
		e, err := Parse([]byte("{"+strings.Join(members, ",")+"}"), org, now())
		if err != nil {
			t.Fatal(err)
		}
		var last string
		s := scanner{b: e.Raw, i: 1}
		for found := 0; ; found++ {
			if more, _ := s.more('}', found == 0); !more {
				if found != len(members)+1 { // event_ts was made
					t.Errorf("%d members of %d: %s", found, len(members)+1, e.Raw)
				}
				break
			}
			key, _, _ := s.key()
			if string(key) <= last || !s.value(1) {
				t.Fatalf("%s comes after %s: %s", key, last, e.Raw)
			}
			last = string(key)
		}
	}
}
