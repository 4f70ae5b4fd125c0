use kernel::{OrderNo, StoreError, UserId};
use orders::Purchase;

use super::{Checkout, PlaceError};

impl Checkout {
    /// Goes on with an order that an earlier run of the same request placed: asks for its code
    /// again, under the same number, when that never came.
    pub async fn resume(
        &self,
        user_id: &UserId,
        order_no: &OrderNo,
    ) -> Result<Purchase, PlaceError> {
        let missing = || StoreError::corrupt("a key names an order that is missing");
        let found = self.find(user_id, order_no).await?;
        let found = found.ok_or_else(missing)?;
        if self.codes.is_missing(&found) {
            Ok(self.codes.ask_again(&found).await?)
        } else {
            Ok(found)
        }
    }
}
