package egress

import (
	"context"
	"io"
	"net"
	"sync"
)

// pieceSize is how much of a body is written at once.
const pieceSize = 64 << 10

// pooledConn copies a body by a buffer from a pool: io.Copy would make one for each request, a quarter of all memory that a
// replay allocated. TLS writes pieces of its own and does not come by here.
type pooledConn struct {
	net.Conn
	buffers *sync.Pool // of *[pieceSize]byte
}

// ReadFrom is what net/http's io.Copy calls.
func (c pooledConn) ReadFrom(r io.Reader) (int64, error) {
	buffer := c.buffers.Get().(*[pieceSize]byte)
	defer c.buffers.Put(buffer)
	return io.CopyBuffer(struct{ io.Writer }{c.Conn}, r, buffer[:])
}

// pooled is dial with connections that share their buffers.
func pooled(dial func(ctx context.Context, network, address string) (net.Conn, error)) func(context.Context, string, string) (net.Conn, error) {
	buffers := &sync.Pool{New: func() any { return new([pieceSize]byte) }}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return pooledConn{conn, buffers}, nil
	}
}
