"""prototype"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
import numpy as np
from polytope_lens.bounds.linear_bounds import highest_in_box, rows_above
from polytope_lens.bounds.relaxation import relax
from polytope_lens.cells.region_facets import region_rows
from polytope_lens.cells.search_space import highest_in_ball, nearest, lift
from polytope_lens.exact.forward import quiet
from polytope_lens._arrays.ragged import starts
from polytope_lens.network import network as net_module
import time
from collections import defaultdict
T=defaultdict(float)

@dataclass(slots=True, eq=False)
class Part:
    margin: int
    fixed: np.ndarray
    low: np.ndarray
    high: np.ndarray
    bound: float
    cut: np.ndarray
    cut_error: np.ndarray
    depth: int = 0

ROUNDS = 2
class SignSearch:
    def __init__(self, boundary, batch=32, rounds=ROUNDS):
        self.boundary = boundary
        self.space = boundary.space
        self.network = boundary.space.network
        self.batch=batch
        self.rounds=rounds
        layers = self.network.layers[:-1]
        self.starts = starts(np.array([l.width for l in layers]))
        self.cuts = np.concatenate([l.cuts for l in layers])
        self.layer_of = np.repeat(np.arange(len(layers)), [l.width for l in layers])
        self.done = 0
        self.seen=set()

    def run(self, max_parts):
        net, b = self.network, self.boundary
        k = net.input_dim
        total = self.starts[-1]
        queue = []
        count = 0
        for m in range(net.layers[-1].width):
            part = Part(m, np.zeros(total, np.int8), np.full(total, -np.inf), np.full(total, np.inf), 0.0, np.zeros(k+1), np.zeros(k+1))
            queue.append((0.0, count, part)); count += 1
        heapq.heapify(queue)
        leaves = 0
        while queue:
            lowest = queue[0][0]
            if lowest >= b.upper: break
            if self.done >= max_parts:
                return min(lowest, b.upper), False
            batch = []
            size = min(self.batch, max(1, self.done // 4))
            while queue and len(batch) < size and queue[0][0] < b.upper:
                batch.append(heapq.heappop(queue)[2])
            self.done += len(batch)
            for child in self.look(batch):
                heapq.heappush(queue, (child.bound, count, child)); count += 1
        return b.upper, True

    def look(self, parts):
        t0=time.process_time()
        net, space, b = self.network, self.space, self.boundary
        n, k = len(parts), net.input_dim
        low = np.array([p.low for p in parts]); high = np.array([p.high for p in parts])
        fixed = np.array([p.fixed for p in parts])
        cut = np.array([p.cut for p in parts]); cut_error = np.array([p.cut_error for p in parts])
        bound = np.array([p.bound for p in parts])
        margin = np.array([p.margin for p in parts])
        radius = b.upper
        lines = []
        empty = np.zeros(n, bool)
        frow = np.zeros((n, self.starts[-1], k + 1)); ferr = np.zeros((n, self.starts[-1], k + 1))
        around = space.around
        for l, layer in enumerate(net.layers[:-1]):
            at = slice(self.starts[l], self.starts[l+1])
            lo, hi, fx = low[:, at], high[:, at], fixed[:, at]
            need = np.flatnonzero((((lo < 0) & (hi > 0)) | (fx != 0)).any(axis=0) & layer.cuts)
            if need.size:
                eye = np.eye(layer.width)[need]
                co = np.broadcast_to(np.concatenate([eye, -eye]), (n, 2*len(need), layer.width))
                rows, err = rows_above(net, l, co, lines)
                top = highest_in_ball(space, rows, err, radius, cut, cut_error)
                top = np.minimum(top, highest_in_box(rows, err, np.broadcast_to(around.lower, (n,k)), np.broadcast_to(around.upper,(n,k))))
                j = len(need)
                hi[:, need] = np.minimum(hi[:, need], top[:, :j])
                lo[:, need] = np.maximum(lo[:, need], -top[:, j:])
                on = fx[:, need] > 0
                which = np.where(on, np.arange(j), np.arange(j)+j)
                frow[:, self.starts[l]+need] = np.take_along_axis(rows, which[:,:,None], 1)
                ferr[:, self.starts[l]+need] = np.take_along_axis(err, which[:,:,None], 1)
                empty |= (lo > hi).any(axis=1) | ((fx>0)&(hi<0)).any(axis=1) | ((fx<0)&(lo>0)).any(axis=1)
            lo[fx > 0] = np.maximum(lo[fx > 0], 0); hi[fx < 0] = np.minimum(hi[fx < 0], 0)
            lines.append(relax(layer, lo, hi))
        T['bounds']+=time.process_time()-t0; t0=time.process_time()
        last = len(net.layers) - 1
        co = np.eye(net.layers[-1].width)[margin][:, None, :]
        mrow, merr = rows_above(net, last, co, lines)
        empty |= highest_in_ball(space, mrow, merr, radius, cut, cut_error)[:,0] < 0
        # QP
        keep = np.flatnonzero(~empty)
        if not keep.size: return []
        low, high, fixed, cut, cut_error, bound, margin = (a[keep] for a in (low, high, fixed, cut, cut_error, bound, margin))
        frow, ferr, mrow, merr = frow[keep], ferr[keep], mrow[keep], merr[keep]
        lines = [type(q)(*(a[keep] for a in q)) for q in lines]
        n = len(keep)
        cols = np.flatnonzero((fixed != 0).any(axis=0))
        used = fixed[:, cols] != 0
        F, FE = np.where(used[:, :, None], frow[:, cols], 0), np.where(used[:, :, None], ferr[:, cols], 0)
        W = np.broadcast_to(around.floats, (n, *around.floats.shape))
        parts_rows = [-F, -mrow, -cut[:, None], W]
        parts_err = [FE, merr, cut_error[:, None], np.zeros(W.shape)]
        shown=np.zeros(n); dist=np.zeros(n); points=np.repeat(space.x[None],n,0)
        nc = len(cols)
        active = np.arange(n)
        shares=None
        for rnd in range(self.rounds + 1):
            R = np.concatenate(parts_rows, axis=1); E = np.concatenate(parts_err, axis=1)
            ok = np.isfinite(R).all(axis=2) & np.isfinite(E).all(axis=2)
            R = np.where(ok[:, :, None], R, 0); E = np.where(ok[:, :, None], E, 0)
            d_, s_, mult, pts = nearest(space, R, E, b.upper)
            better = s_ >= shown
            shown = np.maximum(shown, s_); dist=d_; points = pts
            # aggregated cut
            agg = -np.einsum('nm,nmk->nk', mult, R)
            size = np.einsum('nm,nmk->nk', mult, np.abs(R))
            aerr = (np.einsum('nm,nmk->nk', mult, E) + (R.shape[1]+4)*2.0**-53*size)*(1+2.0**-30)
            cut = np.where(better[:,None], agg, cut); cut_error = np.where(better[:,None], aerr, cut_error)
            if rnd == self.rounds: break
            # joint cut at points
            Z = preacts(net, space, pts)
            leaned = [relax(layer, low[:, self.starts[l]:self.starts[l+1]], high[:, self.starts[l]:self.starts[l+1]], (Z[l] > 0).astype(float)) for l, layer in enumerate(net.layers[:-1])]
            beta = np.zeros((n, self.starts[-1])); beta[:, cols] = mult[:, :nc] * fixed[:, cols]
            mu = mult[:, nc].copy()
            # later joint rows carry their own combos: fold them
            for (jb, jm), idx in joint_list if rnd else []:
                beta += mult[:, idx][:, None] * jb; mu += mult[:, idx] * jm
            none = mu <= 0
            mu = np.where(none, 1.0, mu); 
            beta = beta / mu[:, None]
            added = [beta[:, None, self.starts[l]:self.starts[l+1]] for l in range(last)]
            shares = []
            jrow, jerr = rows_above(net, last, co[keep] , leaned, added, shares)
            if rnd == 0: joint_list = []
            joint_list.append(((beta, np.ones(n)), R.shape[1]))
            parts_rows.append(-jrow); parts_err.append(jerr)
        T['qp']+=time.process_time()-t0; t0=time.process_time()
        bound = np.maximum(bound, shown)
        # branching
        Z = preacts(net, space, points)
        if shares is None:
            shares=[]; rows_above(net,last,co[keep],lines,None,shares)
        shares = shares[::-1]
        score = np.concatenate([gap(layer, low[:, a:e], high[:, a:e], z, sh[:, 0]) for layer, a, e, z, sh in zip(net.layers[:-1], self.starts[:-1], self.starts[1:], Z, shares)], axis=1)
        unknown = (low < 0) & (high > 0) & self.cuts
        pick = np.where(unknown, score, -1).argmax(axis=1)
        leaf = ~unknown.any(axis=1)
        T['branch']+=time.process_time()-t0; t0=time.process_time()
        # candidates
        live = bound < b.upper
        m_at = Z[last] if len(Z)>last else None
        vals = net_module.evaluate(b.asked.network, points)
        order = np.argsort(dist, kind='stable')
        for i in order:
            if live[i] and dist[i] < b.upper and vals[i].max() >= -1e-9:
                b.reach(points[i])
        # local piece at best
        for i in order[:2]:
            if live[i]: self.descend(points[i])
        T['reach']+=time.process_time()-t0; t0=time.process_time()
        children = []
        live = bound < b.upper
        ends = np.flatnonzero(live & leaf)
        if ends.size:
            bits = (low[ends][:, self.cuts] >= 0)
            self.leaves(bits, margin[ends])
        for i in np.flatnonzero(live & ~leaf):
            for s in (1, -1):
                f = fixed[i].copy(); f[pick[i]] = s
                children.append(Part(int(margin[i]), f, low[i], high[i], float(bound[i]), cut[i], cut_error[i], parts[keep[i]].depth+1))
        T['rest']+=time.process_time()-t0
        return children

    def leaves(self, bits, margin):
        b = self.boundary
        b.pieces_in(bits, margin)
    def descend(self, point):
        b = self.boundary
        from polytope_lens.exact.point_signs import point_signs
        for _ in range(10):
            if not np.isfinite(point).all(): return
            bits = point_signs(b.asked.network, point[None])[0] > 0
            key = bits.tobytes()
            if key in self.seen: return
            self.seen.add(key)
            before = b.upper
            n_before=len(b.pieces)
            p = b.local_point(bits)
            if p is None or not b.upper < before: return
            point = b.point

def gap(layer, lo, hi, z, share):
    """Loss of the relaxation at z, weighted."""
    with np.errstate(all='ignore'):
        p, q = layer.negative_slope, layer.positive_slope
        f = np.where(z > 0, q*z, p*z)
        zc = np.clip(z, lo, hi)
        fc = np.where(zc > 0, q*zc, p*zc)
        chord = (q*hi-p*lo)/(hi-lo)
        up = (p-chord)*lo + chord*zc
        g = np.where(p <= q, up - fc, fc-up)
        g = np.where(np.isfinite(g), g, 1.0)
        return np.abs(g)*np.abs(share) + 1e-12*np.abs(share) + 1e-300

def preacts(network, space, points):
    """pre-activations at points of inputs x"""
    y = points if space.weight is None else points @ space.weight.T + space.bias
    out = []
    for layer in network.layers:
        z = y @ layer.weight.T + layer.bias
        out.append(z)
        y = np.where(z > 0, layer.positive_slope * z, layer.negative_slope * z)
    return out
