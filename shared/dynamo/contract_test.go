package dynamo_test

import (
	"crypto/rand"
	"testing"
	"time"

	"reprise/shared/storetest"
)

func TestTheTablesKeepTheContract(t *testing.T) {
	db := client(t)
	storetest.Test(t, func(t *testing.T, now func() time.Time) storetest.Store {
		return storeOf(db, tables(t, "JobsTable", "TokensTable", "KeysTable"), now, rand.Text)
	})
}
