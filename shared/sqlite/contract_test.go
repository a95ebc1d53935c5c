package sqlite_test

import (
	"testing"
	"time"

	"reprise/shared/storetest"
)

func TestTheStoreKeepsItsContract(t *testing.T) {
	storetest.Test(t, func(t *testing.T, now func() time.Time) storetest.Store {
		return emptyStore(t, now)
	})
}
