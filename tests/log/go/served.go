// A second opinion on a log that a registry serves, by golang.org/x/mod/sumdb: `make log-go` runs it against a live server.
//
// Arguments: the log's prefix (http://127.0.0.1:8000/log/1), its verifier key, and the folder in which the last checkpoint is kept.
// It opens the checkpoint, reads every tile and bundle authenticated under its root, hashes every entry, proves an inclusion for
// the first, the middle and the last leaf, and the growth from the checkpoint that was kept.
package main

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type served string

func (s served) get(path string) ([]byte, error) {
	response, err := http.Get(string(s) + "/" + path)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != 200 {
		return nil, fmt.Errorf("%s: %s", path, response.Status)
	}
	return io.ReadAll(response.Body)
}

func (s served) Height() int                             { return 8 }
func (s served) SaveTiles(tiles []tlog.Tile, _ [][]byte) {}
func (s served) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var contents [][]byte
	for _, tile := range tiles {
		content, err := s.get("tile/" + strings.TrimPrefix(tile.Path(), "tile/8/"))
		if err != nil {
			return nil, err
		}
		contents = append(contents, content)
	}
	return contents, nil
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// place writes an index as tlog-tiles does: x001/x234/067.
func place(index int64) string {
	path := fmt.Sprintf("%03d", index%1000)
	for index /= 1000; index > 0; index /= 1000 {
		path = fmt.Sprintf("x%03d/%s", index%1000, path)
	}
	return path
}

func opened(data []byte, verifier note.Verifier) tlog.Tree {
	signed, err := note.Open(data, note.VerifierList(verifier))
	must(err)
	lines := strings.Split(signed.Text, "\n")
	if lines[0] != verifier.Name() {
		must(fmt.Errorf("the checkpoint is of %s", lines[0]))
	}
	var tree tlog.Tree
	_, err = fmt.Sscan(lines[1], &tree.N)
	must(err)
	must(json.Unmarshal([]byte(`"`+lines[2]+`"`), &tree.Hash))
	return tree
}

func main() {
	log, folder := served(strings.TrimSuffix(os.Args[1], "/")), os.Args[3]
	verifier, err := note.NewVerifier(os.Args[2])
	must(err)
	data, err := log.get("checkpoint")
	must(err)
	tree := opened(data, verifier)
	hashes := tlog.TileHashReader(tree, log)

	var leaves int64
	for index := int64(0); index*256 < tree.N; index++ {
		path, width := "tile/entries/"+place(index), tree.N-index*256
		if width < 256 {
			path = fmt.Sprintf("%s.p/%d", path, width)
		}
		bundle, err := log.get(path)
		must(err)
		for len(bundle) > 0 {
			size := int(binary.BigEndian.Uint16(bundle)) + 2
			read, err := hashes.ReadHashes([]int64{tlog.StoredHashIndex(0, leaves)})
			must(err)
			if tlog.RecordHash(bundle[2:size]) != read[0] {
				must(fmt.Errorf("leaf %d is another than its tile says", leaves))
			}
			bundle = bundle[size:]
			leaves++
		}
	}
	if leaves != tree.N {
		must(fmt.Errorf("%d leaves are served of %d", leaves, tree.N))
	}
	for _, index := range []int64{0, tree.N / 2, tree.N - 1} {
		read, err := hashes.ReadHashes([]int64{tlog.StoredHashIndex(0, index)})
		must(err)
		proof, err := tlog.ProveRecord(tree.N, index, hashes)
		must(err)
		must(tlog.CheckRecord(proof, tree.N, tree.Hash, index, read[0]))
	}
	grown := "for the first time"
	kept := filepath.Join(folder, "kept-by-go")
	if before, err := os.ReadFile(kept); err == nil {
		old := opened(before, verifier)
		if old.N > 0 {
			proof, err := tlog.ProveTree(tree.N, old.N, hashes)
			must(err)
			must(tlog.CheckTree(proof, tree.N, tree.Hash, old.N, old.Hash))
		}
		grown = fmt.Sprintf("grown from %d", old.N)
	}
	must(os.WriteFile(kept, data, 0o600))
	fmt.Printf("%s: %d leaves, every tile and bundle authenticated, three inclusions proved, %s\n", verifier.Name(), tree.N, grown)
}
