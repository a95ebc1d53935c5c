package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"reprise/shared/sqlite"
)

// The places where a service keeps tokens and keys.
const (
	inFile   = "local"
	inTables = "dynamodb"
)

// place is where tokens and keys are. The commands work on it, whether the service is running or not: whoever may write
// there may do anything anyway.
type place struct {
	Store string `default:"local" enum:"local,dynamodb" env:"REPRISE_STORE" placeholder:"STORE" help:"Where the service keeps them: local, in its data file; or dynamodb, in the tables of a stack on AWS, with the region, the credentials and the profile that AWS's own command line would use."`
	Data  string `default:"data/reprise.db" env:"REPRISE_DATA" placeholder:"FILE" help:"The data file of the service."`
}

// name is where that is, for people.
func (p place) name(table string) string {
	if p.Store == inTables {
		return "table " + table
	}
	return p.Data
}

// check holds the place to its rules; table is the one that the command works on.
func (p place) check(table string) error {
	switch {
	case p.Store == inTables && table == "":
		return fmt.Errorf("--table: must be given with --store %s: the outputs of the stack say it", inTables)
	case p.Store == inFile && p.Data == "":
		return errors.New("--data: must name a file")
	}
	return nil
}

// opened is what a command works on.
type opened[T any] struct {
	at    T
	close func() error
	made  bool // a data file was
}

// open is the data file, or the table as fromCloud gives it. A file that is not there is made, unless it must be there.
func open[T any](ctx context.Context, p place, table string, mustBeThere bool, fromFile func(*sqlite.Store) T, fromCloud func(context.Context, string) (T, error)) (opened[T], error) {
	if p.Store == inTables {
		at, err := fromCloud(ctx, table)
		return opened[T]{at: at, close: func() error { return nil }}, err
	}
	_, absent := os.Stat(p.Data)
	made := errors.Is(absent, fs.ErrNotExist)
	if made && mustBeThere {
		return opened[T]{}, fmt.Errorf("data file %s is not there", p.Data)
	}
	store, err := sqlite.Open(p.Data, time.Now)
	if err != nil {
		return opened[T]{}, err
	}
	return opened[T]{fromFile(store), store.Close, made}, nil
}

// tellMade warns that a file was made where another may have been meant.
func (p place) tellMade(w io.Writer, what string) {
	_, _ = fmt.Fprintf(w, "%s was not there and was made: only a service that is started on this very file knows the %s.\n", p.Data, what)
}
