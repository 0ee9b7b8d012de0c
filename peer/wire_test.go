package peer

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"entente/node"
	"entente/record"
)

func FuzzPush(f *testing.F) {
	for _, m := range []any{
		&node.Push{Group: record.ID{1}, From: 3, Records: [][]byte{{1, 2}}, Parts: [][]record.Part{{{Name: "body.en", Content: []byte("x")}}}, Checkpoint: []byte("note"),
			Gossip: []node.Head{{Party: "US", Note: []byte("n")}}, State: &node.StateWord{Cut: map[record.Party]record.Mark{"MX": {Size: 1}}}},
		&node.Push{}, &node.Ack{Size: 9, Cosignatures: [][]byte{{1}, {2}}}, &ReturnQuery{From: 1 << 63},
	} {
		b, err := enc.Marshal(m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		roundTrip[node.Push](t, b)
	})
}

// A non-paper of a stranger's making is read as it is or refused as a bad message, and the node's own answer is never more than
// one of its words.
func FuzzFloat(f *testing.F) {
	for _, m := range []any{
		&node.Float{Group: record.ID{1}, ID: record.Nonce{2}, To: []record.Party{"MX", "US"}, Created: 1, Until: 2, About: record.ID{3},
			Texts: map[string]node.FloatText{"en": {Title: "t", Body: "b"}, "es": {Title: "t", Body: "b"}}},
		&node.Float{}, &node.TakenBack{Group: record.ID{1}, ID: record.Nonce{2}}, &node.FloatAnswer{Said: node.SaidHeld},
		&node.CharterMessage{Charter: []byte{1}}, &node.CharterAnswer{Said: node.SaidFull},
	} {
		b, err := enc.Marshal(m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		roundTrip[node.Float](t, b)
		roundTrip[node.TakenBack](t, b)
		roundTrip[node.FloatAnswer](t, b)
		roundTrip[node.CharterMessage](t, b)
		roundTrip[node.CharterAnswer](t, b)
	})
}

// roundTrip reads a message, writes it and reads it again: the same comes back.
func roundTrip[T any](t *testing.T, b []byte) {
	var p, again T
	if err := decode(b, &p); err != nil {
		if !errors.Is(err, node.ErrInvalid) {
			t.Fatalf("not the error of a bad message: %v", err)
		}
		return
	}
	c, err := enc.Marshal(&p)
	if err != nil {
		t.Fatal(err)
	}
	if err := decode(c, &again); err != nil {
		t.Fatalf("what was read cannot be written and read: %v", err)
	}
	d, err := enc.Marshal(&again)
	if err != nil || !bytes.Equal(c, d) {
		t.Fatalf("another message comes back: %v %s", err, cmp.Diff(c, d))
	}
}

func FuzzFault(f *testing.F) {
	for _, x := range faults {
		fault, _ := toFault(x.err)
		b, err := enc.Marshal(fault)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte{0xa1, 1, 0x61, 'x'})
	f.Fuzz(func(t *testing.T, b []byte) {
		var x Fault
		if decode(b, &x) != nil {
			return
		}
		err := x.err()
		if err == nil {
			t.Fatal("a fault without an error")
		}
		if len(x.Text) > 40 && bytes.Contains([]byte(err.Error()), []byte(x.Text)) && !isOurs(x.Text) {
			t.Fatal("a stranger's words stand in our error")
		}
	})
}

func isOurs(text string) bool {
	for _, x := range faults {
		if x.err.Error() == text {
			return true
		}
	}
	return false
}

// Every error of an exchange comes back as itself; any other crosses without its text.
func TestFaultsCrossAsTheyAre(t *testing.T) {
	for _, x := range faults {
		f, status := toFault(errors.Join(errors.New("secret"), x.err))
		if status != x.status || !errors.Is(f.err(), x.err) || bytes.Contains([]byte(f.Text), []byte("secret")) {
			t.Errorf("%v became %+v, %d", x.err, f, status)
		}
	}
	f, status := toFault(errors.New("secret"))
	if status != http.StatusInternalServerError || f.Code != "error" || f.Text != errRemote.Error() {
		t.Errorf("an unknown error crosses as %+v", f)
	}
}

type endless struct{}

func (endless) Read(b []byte) (int, error) { return len(b), nil }

func TestReadIsBounded(t *testing.T) {
	counted := &countReader{r: endless{}}
	if err := read(counted, new(node.Push)); !errors.Is(err, node.ErrInvalid) {
		t.Errorf("an endless message: %v", err)
	}
	if counted.n > maxMessage+1<<20 {
		t.Errorf("%d bytes read of an endless message", counted.n)
	}
	if int64(node.MaxPushBytes)+node.MaxPushRecords*record.MaxHeader > maxMessage {
		t.Error("a full push with the largest headers does not fit a message")
	}
}

type countReader struct {
	r io.Reader
	n int64
}

func (c *countReader) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.n += int64(n)
	return n, err
}

// A slow or silent stranger holds a connection for a bounded time, and all of them a bounded number.
func TestBoundsOfAServer(t *testing.T) {
	for name, d := range map[string]time.Duration{"dial": dialTimeout, "call": callTimeout, "idle": 3 * heartbeat} {
		if d <= 0 || d > 10*time.Minute {
			t.Errorf("%s: %s", name, d)
		}
	}
	if maxConns*maxHeader > 16<<20 {
		t.Error("headers alone may fill the memory")
	}
}
