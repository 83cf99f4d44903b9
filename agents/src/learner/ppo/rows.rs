//! Rows of features, of which most numbers are 0 and most others 1, without their zeros.

/// One row: where it is 1, where it is something else, and what it is there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row<'a> {
    pub(super) ones: &'a [u32],
    pub(super) others: &'a [u32],
    pub(super) values: &'a [f64],
}

/// Rows one after the other.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Rows {
    pub(super) ones: Vec<u32>,
    pub(super) others: Vec<u32>,
    pub(super) values: Vec<f64>,
    /// Where the ones and the others of each row end.
    pub(super) ends: Vec<[usize; 2]>,
}

impl Rows {
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn push(&mut self, phi: &[f64]) {
        for (index, &x) in phi.iter().enumerate() {
            if x == 1.0 {
                self.ones.push(index as u32);
            } else if x != 0.0 {
                self.others.push(index as u32);
                self.values.push(x);
            }
        }
        self.ends.push([self.ones.len(), self.others.len()]);
    }

    /// Keeps the first `rows` rows.
    pub(super) fn truncate(&mut self, rows: usize) {
        self.ends.truncate(rows);
        let [ones, others] = self.start(self.ends.len());
        self.ones.truncate(ones);
        self.others.truncate(others);
        self.values.truncate(others);
    }

    pub(super) fn append(&mut self, rows: &Rows) {
        let [ones, others] = [self.ones.len(), self.others.len()];
        self.ones.extend_from_slice(&rows.ones);
        self.others.extend_from_slice(&rows.others);
        self.values.extend_from_slice(&rows.values);
        self.ends.extend(rows.ends.iter().map(|end| [end[0] + ones, end[1] + others]));
    }

    pub(super) fn row(&self, index: usize) -> Row<'_> {
        let ([one, other], [one_end, other_end]) = (self.start(index), self.ends[index]);
        Row {
            ones: &self.ones[one..one_end],
            others: &self.others[other..other_end],
            values: &self.values[other..other_end],
        }
    }

    fn start(&self, index: usize) -> [usize; 2] {
        if index == 0 { [0, 0] } else { self.ends[index - 1] }
    }

    /// Whether indices are below `features` and every row is where it ends.
    pub(super) fn is_whole(&self, features: usize) -> bool {
        let below = |indices: &[u32]| indices.iter().all(|&index| (index as usize) < features);
        let ordered = self.ends.windows(2).all(|pair| pair[0][0] <= pair[1][0] && pair[0][1] <= pair[1][1]);
        let last = self.start(self.len());
        let all = last == [self.ones.len(), self.others.len()] && self.others.len() == self.values.len();
        below(&self.ones) && below(&self.others) && ordered && all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dense(rows: &Rows, index: usize, features: usize) -> Vec<f64> {
        let mut phi = vec![0.0; features];
        let row = rows.row(index);
        row.ones.iter().for_each(|&one| phi[one as usize] = 1.0);
        row.others.iter().zip(row.values).for_each(|(&other, &value)| phi[other as usize] = value);
        phi
    }

    #[test]
    fn rows_come_back_as_they_were() {
        let all = [[0.0, 1.0, 0.5, 1.0], [0.0; 4], [-2.0, 1.0, 1.0, 1e-300], [1.0; 4]];
        let (mut rows, mut first) = (Rows::default(), Rows::default());
        all[..2].iter().for_each(|phi| first.push(phi));
        all[2..].iter().for_each(|phi| rows.push(phi));
        first.append(&rows);
        assert!(first.is_whole(4) && !first.is_whole(3));
        assert_eq!(first.len(), 4);
        all.iter().enumerate().for_each(|(index, phi)| assert_eq!(dense(&first, index, 4), phi));
        first.truncate(3);
        first.push(&all[0]);
        assert_eq!(dense(&first, 3, 4), all[0]);
        first.truncate(0);
        assert_eq!(first, Rows::default());
    }
}
