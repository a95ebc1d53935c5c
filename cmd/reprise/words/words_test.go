package words

import "testing"

func TestANumberOfThingsIsInItsPlural(t *testing.T) {
	for want, got := range map[string]string{
		"1 wrong signature": Count(1, "wrong signature"), "0 batches": Count(0, "batch"), "1 batch": Count(1, "batch"),
		"2,000 entries": Count(2000, "entry"), "1 entry": Count(1, "entry"), "12 lines": Count(12, "line"),
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
