package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// A receiver does what any receiver has to, with the standard library: it decodes each body and counts the lines.
type receiver struct {
	entries atomic.Int64
	first   atomic.Int64 // when the first request came, in nanoseconds since the epoch
	readers sync.Pool    // of *gzip.Reader
}

// received is what a receiver says when it is asked.
type received struct {
	Entries int64
	First   int64 // when the first request came since it was asked last, in nanoseconds since the epoch; 0: none
}

// receive is the role of the receiver.
func receive(ctx context.Context, _ []string, out io.Writer) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	r := new(receiver)
	server := &http.Server{Handler: r}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	fmt.Fprintf(out, "{\"msg\":\"listening\",\"address\":%q}\n", listener.Addr())
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// ServeHTTP takes a batch. A GET asks for the count, and starts it anew.
func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if req.Method == http.MethodGet {
		_ = json.NewEncoder(w).Encode(received{r.entries.Swap(0), r.first.Swap(0)})
		return
	}
	r.first.CompareAndSwap(0, time.Now().UnixNano())
	n, err := r.count(req.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	r.entries.Add(n)
}

func (r *receiver) count(body io.Reader) (lines int64, err error) {
	z, ok := r.readers.Get().(*gzip.Reader)
	if !ok {
		z = new(gzip.Reader)
	}
	defer r.readers.Put(z)
	if err := z.Reset(body); err != nil {
		return 0, err
	}
	var part [32 << 10]byte
	for {
		n, err := z.Read(part[:])
		lines += int64(bytes.Count(part[:n], []byte{'\n'}))
		if errors.Is(err, io.EOF) {
			return lines, nil
		}
		if err != nil {
			return 0, err
		}
	}
}

// received asks the receiver, which counts from nothing again after it.
func (b *bench) received(ctx context.Context) (got received, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+b.hook.address+"/", nil)
	if err != nil {
		return got, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return got, err
	}
	defer resp.Body.Close()
	return got, json.NewDecoder(resp.Body).Decode(&got)
}
