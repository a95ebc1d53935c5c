package sqlite_test

import (
	"path/filepath"
	"testing"

	"reprise/shared/sqlite"
	"reprise/shared/storetest"
)

func TestTheVerbsKeepTheirPromisesOnIt(t *testing.T) {
	storetest.Stories(t, faultsApart, func(t *testing.T) storetest.Backend {
		clock := newHandClock()
		store, err := sqlite.Open(filepath.Join(t.TempDir(), "reprise.db"), clock.Now)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := store.Close(); err != nil {
				t.Error(err)
			}
		})
		return storetest.Backend{
			Store:  store,
			Queue:  hands{store.Queue(), store.DeadQueue(), clock},
			Stream: store.PumpAccepted,
			Pass:   clock.Pass,
			Now:    clock.Now,
		}
	})
}
