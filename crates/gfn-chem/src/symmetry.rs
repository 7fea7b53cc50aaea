//! Which permutations of a fragment's attachment points are symmetries of it.

/// A labeled graph whose last `ports` nodes are attachment points.
pub(crate) struct Graph {
    /// What a node must agree on.
    pub labels: Vec<(u8, i8, bool, u8, u16)>,
    /// Neighbours of each node with the kind of the bond.
    pub neighbours: Vec<Vec<(usize, u8)>>,
    /// How many attachment points there are.
    pub ports: usize,
}

impl Graph {
    /// Every permutation of the attachment points that some automorphism of the graph brings about, the identity
    /// first, in lexicographic order. `permutation[p]` is where p goes.
    ///
    /// Permutations are tried one by one, each extended to the atoms by a search that follows bonds: a fragment has few
    /// attachment points but may have thousands of automorphisms that fix them all (think of its CF3 groups).
    pub(crate) fn port_permutations(&self) -> Vec<Vec<usize>> {
        let mut found = Vec::new();
        self.permute(&mut Vec::new(), &mut found);
        found
    }

    fn permute(&self, chosen: &mut Vec<usize>, found: &mut Vec<Vec<usize>>) {
        if !self.extends(chosen) {
            return;
        }
        if chosen.len() == self.ports {
            found.push(chosen.clone());
            return;
        }
        for port in 0..self.ports {
            if !chosen.contains(&port) {
                chosen.push(port);
                self.permute(chosen, found);
                chosen.pop();
            }
        }
    }

    /// Whether some automorphism takes attachment point p to `chosen[p]`, for the first of them.
    fn extends(&self, chosen: &[usize]) -> bool {
        let first_port = self.labels.len() - self.ports;
        let mut image = vec![None; self.labels.len()];
        let mut taken = vec![false; self.labels.len()];
        for (port, &target) in chosen.iter().enumerate() {
            image[first_port + port] = Some(first_port + target);
            taken[first_port + target] = true;
        }
        chosen.is_empty() || self.search(&self.order(), 0, &mut image, &mut taken)
    }

    /// The nodes breadth-first from the first attachment point: each but the first has an earlier neighbour.
    fn order(&self) -> Vec<usize> {
        let mut order = vec![self.labels.len() - self.ports];
        let mut next = 0;
        while next < order.len() {
            for &(neighbour, _) in &self.neighbours[order[next]] {
                if !order.contains(&neighbour) {
                    order.push(neighbour);
                }
            }
            next += 1;
        }
        order
    }

    fn search(&self, order: &[usize], at: usize, image: &mut [Option<usize>], taken: &mut [bool]) -> bool {
        let Some(&node) = order.get(at) else { return true };
        if let Some(target) = image[node] {
            return self.fits(node, target, image) && self.search(order, at + 1, image, taken);
        }
        let anchor = self.neighbours[node]
            .iter()
            .find(|(neighbour, _)| order[..at].contains(neighbour))
            .and_then(|&(neighbour, _)| image[neighbour])
            .expect("an earlier neighbour has an image");
        for &(target, _) in &self.neighbours[anchor] {
            if taken[target] {
                continue;
            }
            image[node] = Some(target);
            taken[target] = true;
            if self.fits(node, target, image) && self.search(order, at + 1, image, taken) {
                return true;
            }
            image[node] = None;
            taken[target] = false;
        }
        false
    }

    /// Whether `node` may go to `target`, given the images so far.
    fn fits(&self, node: usize, target: usize, image: &[Option<usize>]) -> bool {
        self.labels[node] == self.labels[target]
            && self.neighbours[node].len() == self.neighbours[target].len()
            && self.neighbours[node].iter().all(|&(neighbour, kind)| {
                image[neighbour].is_none_or(|mapped| self.neighbours[target].contains(&(mapped, kind)))
            })
    }
}
